/** Hashes that others made: what would take too much is refused at the import, and stored before it fails that login. */
import { argon2Sync, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import bcrypt from 'bcryptjs'
import t, { type Test } from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import { formatArgon2id } from '../../src/passwords/stored-hash.ts'
import { createImportService } from '../../src/users/import/import-service.ts'
import { readRecords } from '../../src/users/import/user-records.ts'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'

const mebibyte = 2 ** 20

/** As in a container of 256 MiB: a hash may take 32. */
function smallHasher(t: Test) {
  const hasher = createPasswordHasher({
    scheme: 'bcrypt',
    bcryptCost: 4,
    threads: 2,
    queue: 100,
    memoryBytes: 256 * mebibyte,
  })
  t.teardown(() => hasher.close())
  return hasher
}

function argon2id(password: string, mebibytes: number): string {
  const [salt, parameters] = [randomBytes(16), { memoryKib: mebibytes * 1024, passes: 1, parallelism: 1 }]
  const { memoryKib: memory, passes, parallelism } = parameters
  const tag = argon2Sync('argon2id', { message: password, nonce: salt, memory, passes, parallelism, tagLength: 32 })
  return formatArgon2id({ ...parameters, salt, tag })
}

const made = { small: argon2id('demo123', 32), large: argon2id('demo123', 33), largest: argon2id('demo123', 256) }

t.test(
  'an import refuses a hash that takes more than an eighth of the memory, by its line, and takes the others',
  async t => {
    const { app } = await testApp(t)
    const hasher = smallHasher(t)
    const policy = createPasswordPolicy(8, 'bcrypt')
    const imports = createImportService({ users: app.stores.users, hasher, policy, hashesAtOnce: 8, audit: () => {} })
    const lines = Object.entries(made).map(([username, password_hash]) => JSON.stringify({ username, password_hash }))
    const refused: string[] = []

    const tally = await imports.importFrom(readRecords(Readable.from([Buffer.from(lines.join('\n'))]), 'ndjson'), {
      signal: new AbortController().signal,
      refused: (line, reason) => refused.push(`line ${line}: ${reason}`),
      progress: () => {},
    })

    t.match(tally, { inserted: 1, refused: 2 })
    t.strictSame(
      refused,
      [33, 256].map(
        (takes, i) =>
          `line ${i + 2}: /password_hash takes ${takes} MiB, and here a hash may take 32 MiB (an eighth of this process's memory)`,
      ),
    )
  },
)

t.test('a file of first users with such a hash stops the start and names the line', async t => {
  const file = join(await temporaryFolder(t), 'users.ndjson')
  await writeFile(file, `\n${JSON.stringify({ username: 'ana', password_hash: made.large })}\n`)
  await t.rejects(testApp(t, { hasher: smallHasher(t), seedUsersFile: file }), /line 2: .password_hash takes 33 MiB/)
})

t.test(
  'a hash stored before that takes too much fails its login like a wrong password, and the log says why',
  async t => {
    const { app, logIn, log } = await testApp(t, { hasher: smallHasher(t) })
    await app.stores.users.update('user-2', { passwordHash: made.largest })
    await t.rejects(logIn('maria'), /401.*Invalid credentials/)
    t.equal(log.filter(line => line.includes('the stored hash takes 256 MiB')).length, 1)
    await logIn('thirdy')
    t.equal(
      (await app.stores.users.findById('user-2'))?.passwordHash,
      made.largest,
      'a larger machine may still check it',
    )
  },
)

t.test('nor is it the password of the hash that is computed in its stead', async t => {
  const { app, logIn } = await testApp(t, { hasher: smallHasher(t) })
  await app.stores.users.update('user-2', { passwordHash: made.largest })
  app.standIns.for = () => ({ passwordHash: made.small, foreignHash: true })
  await t.rejects(logIn('maria', 'demo123'), /401.*Invalid credentials/)
})

t.test('a hash within the memory logs in, and is replaced', async t => {
  const { app, logIn } = await testApp(t, { hasher: smallHasher(t) })
  await app.stores.users.update('user-2', { passwordHash: made.small })
  await logIn('maria')
  t.match((await app.stores.users.findById('user-2'))?.passwordHash, /^\$2b\$04\$/)
})

t.test('a dearer hash is replaced at the login by one of the configured cost', async t => {
  const { app, logIn, log } = await testApp(t)
  await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync('demo123', 6) })
  await t.rejects(logIn('maria', 'wrong'), /401/)
  t.equal(log.filter(line => line.includes('password.rehashed')).length, 0, 'by the right password only')
  await logIn('maria')
  t.match((await app.stores.users.findById('user-2'))?.passwordHash, /^\$2b\$04\$/)
  await logIn('maria')
  t.equal(log.filter(line => line.includes('password.rehashed')).length, 1)
})

t.test('a hash that changes while its better one is computed is not overwritten', async t => {
  const { app, logIn } = await testApp(t)
  const { rehash } = app.stores.users
  t.equal(await rehash('user-2', 'another', 'never'), false)
  await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync('demo123', 6) })
  const racing = logIn('maria').catch(error => error.message)
  const changed = bcrypt.hashSync('changed', 4)
  await app.stores.users.update('user-2', { passwordHash: changed })
  await racing
  t.equal((await app.stores.users.findById('user-2'))?.passwordHash, changed)
})
