/** Names and addresses over HTTP: what is new follows the rules, and everybody of before still logs in. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { reportSharedAddresses } from '../../src/names/shared-addresses.ts'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

const password = 'a long sentence of mine'

async function asAdmin(t: Test) {
  const made = await testApp(t, { registrationIsOpen: true })
  const { access_token: token } = await made.logIn()
  const headers = { authorization: `Bearer ${token}` }
  const admin = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: object) =>
    made.app.inject({ method, url, headers, ...(body && { body }) })
  const who = async (name: string) => claimsOf((await made.logIn(name, password)).access_token)['sub']
  /** Somebody of a version before, whose name and address no rule has seen. */
  const former = async (userId: string, username: string, email: string | null = null) => {
    const { json } = await admin('POST', '/users', { username: 'template', password })
    const hash = (await made.app.stores.users.findById(json().user_id))?.passwordHash ?? null
    await made.app.stores.users.delete(json().user_id)
    await made.app.stores.users.create({ userId, username, email, role: 'user', passwordHash: hash })
  }
  return { ...made, admin, who, former }
}

t.test('names that mean something else are for nobody new, by registration and by an administrator', async t => {
  const { app, admin } = await asAdmin(t)
  for (const username of ['-', '.', '..', '__proto__', '-x', 'x-', 'аdmin', 'ana@example.com', '   ']) {
    for (const answer of [
      await app.inject({ method: 'POST', url: '/register', body: { username, password } }),
      await admin('POST', '/users', { username, password }),
    ]) {
      t.equal(answer.statusCode, 400, username)
      t.match(answer.json().errors, [{ pointer: '/username' }])
    }
  }
})

t.test('who has such a name from before logs in with it', async t => {
  const { who, former } = await asAdmin(t)
  for (const [i, name] of ['-', '..', '__proto__'].entries()) {
    await former(`former-${i}`, name)
    t.equal(await who(name), `former-${i}`)
  }
})

t.test('blanks at the edges of a name or an address are nobody’s, those of a password stay', async t => {
  const { admin, who, logIn } = await asAdmin(t)
  const made = await admin('POST', '/users', { username: ' Ana\t', password, email: ' Ana@Example.com ' })
  t.match(made.json(), { username: 'ana', email: 'ana@example.com' })
  for (const name of ['ana ', ' ANA', 'ana@example.com ', '\u00a0ana']) t.equal(await who(name), made.json().user_id)
  await t.rejects(logIn('ana', `${password} `), /401/)
})

t.test('a domain in Unicode and in ASCII is one domain', async t => {
  const { admin, who } = await asAdmin(t)
  const made = await admin('POST', '/users', { username: 'ana', password, email: 'ana@exämple.de' })
  const id = made.json().user_id
  t.equal(made.json().email, 'ana@xn--exmple-cua.de')
  for (const spelling of ['ana@exämple.de', 'ANA@EXÄMPLE.DE', 'ana@xn--exmple-cua.de']) {
    t.equal(await who(spelling), id)
    t.equal((await admin('POST', '/users', { username: 'eve', password, email: spelling })).statusCode, 409)
    t.match((await admin('GET', `/users?q=${encodeURIComponent(spelling)}`)).json().users, [{ user_id: id }])
  }
})

t.test(
  'an address of before is found by both spellings, belongs to one, and is rewritten when next changed',
  async t => {
    const { admin, app, former, who } = await asAdmin(t)
    await former('former', 'old', 'ana@exämple.de')
    for (const spelling of ['ana@exämple.de', 'ana@xn--exmple-cua.de']) {
      t.equal(await who(spelling), 'former')
      t.equal((await admin('POST', '/users', { username: 'eve', password, email: spelling })).statusCode, 409)
      t.equal((await admin('PATCH', '/users/user-2', { email: spelling })).statusCode, 409)
      const invitation = { username: 'eve', email: spelling, language: 'en' }
      await t.rejects(app.users.invite(invitation, { by: 'command line' }), { code: 'taken' })
    }
    t.match((await app.stores.users.findById('former'))?.email, 'ana@exämple.de')
    t.match((await admin('PATCH', '/users/former', { role: 'editor' })).json(), { email: 'ana@xn--exmple-cua.de' })
    t.equal(await who('ana@exämple.de'), 'former')
  },
)

t.test('who has an address of before may save it in either spelling', async t => {
  const { admin, former } = await asAdmin(t)
  for (const [userId, kept, saved] of [
    ['ana', 'ana@exämple.de', 'ana@exämple.de'],
    ['ben', 'ben@exämple.de', 'ben@xn--exmple-cua.de'],
  ] as const) {
    await former(userId, userId, kept)
    const { statusCode, json } = await admin('PATCH', `/users/${userId}`, { email: saved })
    t.equal(statusCode, 200, 'it is taken, but by nobody else')
    t.equal(json().email, `${userId}@xn--exmple-cua.de`)
  }
})

t.test('two whose addresses are one by now log in as before, and are reported, never merged', async t => {
  const { admin, app, former, who } = await asAdmin(t)
  await former('unicode', 'ana', 'ana@exämple.de')
  await former('ascii', 'eve', 'ana@xn--exmple-cua.de')
  await former('alone', 'ben', 'ben@exämple.de')
  t.equal(await who('ana@exämple.de'), 'unicode')
  t.equal(await who('ana@xn--exmple-cua.de'), 'ascii')
  t.match((await admin('PATCH', '/users/unicode', { role: 'editor' })).json(), { email: 'ana@exämple.de' })

  const lines: object[] = []
  await reportSharedAddresses(app.stores.users, { warn: fields => lines.push(fields), debug: () => {} })
  t.strictSame(lines, [{ users: ['ascii', 'unicode'] }])
})

t.test('that there are two of them is told at each start', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app } = await testApp(t, { sqlitePath })
  for (const [userId, email] of [
    ['unicode', 'ana@exämple.de'],
    ['ascii', 'ana@xn--exmple-cua.de'],
  ] as const) {
    await app.stores.users.create({ userId, username: userId, email, role: 'user', passwordHash: null })
  }
  const { log } = await testApp(t, { sqlitePath })
  await waitUntil(async () => log.some(line => line.includes('two users have one e-mail address')))
})

t.test('whatever the name, its tokens are taken everywhere and its headers are ASCII', async t => {
  const { app, admin, logIn, me, refresh } = await asAdmin(t)
  const long = `${'a'.repeat(242)}@example.com`
  for (const [username, email, header] of [
    ['josé.7', null, 'jos%C3%A9.7'],
    ['山田タロウ', '山@exämple.de', encodeURIComponent('山田タロウ')],
    ['\u{1e900}'.repeat(64), null, encodeURIComponent('\u{1e922}'.repeat(64))],
    [long, long, long],
  ] as const) {
    t.equal((await admin('POST', '/users', { username, password, email })).statusCode, 201)
    const tokens = await logIn(username, password)
    const { access_token: token } = (await refresh(tokens.refresh_token)).json()
    t.equal((await me(token)).json().username, decodeURIComponent(header))
    const verified = await app.inject({ url: '/verify', headers: { authorization: `Bearer ${token}` } })
    t.equal(verified.headers['x-auth-username'], header)
    t.ok(token.length < 4096)
  }
})

t.test('a name that is the address follows it', async t => {
  const { admin, who } = await asAdmin(t)
  const made = await admin('POST', '/users', { username: 'Ana@example.com', password, email: 'ana@example.com' })
  const id = made.json().user_id
  t.match(made.json(), { username: 'ana@example.com', email: 'ana@example.com' })
  t.equal(await who('ana@example.com'), id)
  t.equal((await admin('POST', '/users', { username: 'eve', password, email: 'ana@example.com' })).statusCode, 409)

  t.match((await admin('PATCH', `/users/${id}`, { email: null })).json().errors, [{ pointer: '/email' }])
  t.match((await admin('PATCH', `/users/${id}`, { email: 'ana@example.org' })).json(), { username: 'ana@example.org' })
  t.equal(await who('ana@example.org'), id)
  t.equal((await admin('POST', '/users', { username: 'eve', password, email: 'ana@example.com' })).statusCode, 201)
  t.not(await who('ana@example.com'), id, 'the former address is free, and with it the name')
})
