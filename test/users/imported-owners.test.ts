/** Owners of imported accounts log in with what they type today, whatever was hashed when they chose it. */
import { Readable } from 'node:stream'
import bcrypt from 'bcryptjs'
import t, { type Test } from 'tap'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import { createImportService } from '../../src/users/import/import-service.ts'
import { readRecords } from '../../src/users/import/user-records.ts'
import { type Overrides, testApp } from '../helpers/app.ts'

async function imported(t: Test, lines: readonly object[], overrides: Overrides = {}) {
  const made = await testApp(t, overrides)
  const { users } = made.app.stores
  const { hasher } = made.app
  const policy = createPasswordPolicy(8, 'bcrypt')
  const service = createImportService({ users, hasher, policy, hashesAtOnce: 4, audit: () => {} })
  const text = lines.map(line => JSON.stringify(line)).join('\n')
  const refused: string[] = []
  await service.importFrom(readRecords(Readable.from([Buffer.from(text)])), {
    signal: new AbortController().signal,
    refused: (line, reason) => void refused.push(`line ${line}: ${reason}`),
    progress: () => {},
  })
  t.strictSame(refused, [])
  return { ...made, users }
}

const hash = (password: string, cost = 4) => bcrypt.hashSync(password, cost).replace('$2b$', '$2y$')

t.test('a password that was hashed decomposed becomes ours at the first login, typed either way', async t => {
  const theirs = hash('pässword'.normalize('NFD'))
  const { logIn, users } = await imported(t, [{ username: 'ana', user_id: 'ana', password_hash: theirs }])
  await t.rejects(logIn('ana', 'passwort'), /401/)
  t.match(await users.findById('ana'), { passwordHash: theirs, foreignHash: true })
  await logIn('ana', 'pässword'.normalize('NFD'))
  t.match(await users.findById('ana'), { passwordHash: /^\$2b\$/, foreignHash: false })
  for (const form of ['NFC', 'NFD']) await logIn('ana', 'pässword'.normalize(form))
})

t.test('of a password of more than 72 bytes the old system read 72; it stays theirs while ours is bcrypt', async t => {
  const sentence = 'a sentence that goes on and on, as long as nobody stops whoever is writing it down'
  const theirs = hash(sentence)
  const line = { username: 'ana', user_id: 'ana', password_hash: theirs }
  const { logIn, users } = await imported(t, [line])
  for (let i = 0; i < 2; i++) await logIn('ana', sentence)
  t.match(await users.findById('ana'), { passwordHash: theirs, foreignHash: true })
  await t.rejects(logIn('ana', sentence.slice(0, 71)), /401/)

  const other = await imported(t, [line], { passwordHash: 'argon2id' })
  await other.logIn('ana', sentence)
  t.match(await other.users.findById('ana'), { passwordHash: /^\$argon2id/, foreignHash: false })
  await other.logIn('ana', sentence)
  await t.rejects(other.logIn('ana', `${sentence}, and more`), /401/, 'ours is of the whole password')
})

t.test('a name with letters beyond ASCII, and an address as a name', async t => {
  const { logIn, me } = await imported(t, [
    { username: 'José', password_hash: hash('demo123') },
    { username: 'Ana@example.com', email: 'ana@example.com', password_hash: hash('demo123') },
  ])
  for (const [typed, name] of [
    ['JOSE\u0301 ', 'josé'],
    ['ana@Example.com', 'ana@example.com'],
  ] as const) {
    const { access_token: token } = await logIn(typed, 'demo123')
    t.match((await me(token)).json(), { username: name })
  }
})

t.test('a password in plain text is hashed here, and is nobody else’s', async t => {
  const { users, logIn } = await imported(t, [{ username: 'ana', user_id: 'ana', password: 'a long sentence' }])
  t.match(await users.findById('ana'), { foreignHash: false })
  await logIn('ana', 'a long sentence')
})
