/** Whose an address is: nobody's until proven, and then its owner's alone, whoever registered it first. */
import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { claimsOf } from '../helpers/app.ts'
import { asUser } from '../helpers/authenticator.ts'
import { bearer, type MailApp, mailApp, tokenIn } from '../helpers/mail.ts'
import { createAuthenticator } from '../helpers/passkey.ts'

const password = 'a long sentence of mine'
const day = 86_400
const client = {
  ip: '192.0.2.1',
  network: '192.0.2.1',
  site: undefined,
  isExempt: false,
  isGone: false,
  userAgent: undefined,
}

async function registered(made: MailApp, username: string, email: string): Promise<string> {
  const response = await made.post('/register', { username, password, email })
  if (response.statusCode !== 201) throw new Error(response.body)
  return response.json().user_id
}

/** Another session of a user, for what only one can ask for. */
async function sessionOf({ stores }: MailApp['app'], sub: string) {
  const sid = randomUUID()
  const { credentialsVersion = 0 } = (await stores.users.findById(sub)) ?? {}
  const session = { sid, userId: sub, idleSeconds: day, maxAgeSeconds: day, ip: null, userAgent: null }
  await stores.sessions.create(session, credentialsVersion)
  return { sub, sid }
}

/** A user with a proven address who is logged in. */
async function withAna(t: Test, overrides: Parameters<typeof mailApp>[1] = {}) {
  const made = await mailApp(t, overrides)
  const userId = await registered(made, 'ana', 'ana@example.com')
  await made.post('/email/verify', { token: await made.tokenTo('ana@example.com'), password })
  return { ...made, userId, tokens: await made.logIn('ana', password) }
}

t.test('an address given at the registration is a name once it is proven', async t => {
  const made = await mailApp(t)
  const { app, post, deliver, logIn, me } = made
  await registered(made, 'ana', 'Ana@Example.com')
  const before = await logIn('ana', password)
  t.match(claimsOf(before.access_token), { email: 'ana@example.com', email_verified: false })
  t.equal((await app.inject({ url: '/verify', headers: bearer(before.access_token) })).headers['x-auth-email'], '-')
  t.equal((await post('/login', { username: 'ana@example.com', password })).statusCode, 401)

  const [mail] = await deliver()
  t.match(mail, { to: 'ana@example.com', purpose: 'verify' })
  t.match(mail?.text, 'https://app.example/verify#token=')
  const token = tokenIn(mail ?? { text: '', purpose: 'verify' })
  t.equal((await post('/email/verify', { token }, bearer(before.access_token))).statusCode, 204)
  t.equal((await me(before.access_token)).json().code, 'token_revoked', 'the first proof ends all sessions')
  const after = await logIn('ana@example.com', password)
  t.match(claimsOf(after.access_token), { email: 'ana@example.com', email_verified: true })
  const asked = await app.inject({ url: '/verify', headers: bearer(after.access_token) })
  t.equal(asked.headers['x-auth-email'], 'ana@example.com')
  t.equal((await post('/email/verify', { token })).json().code, 'invalid_link', 'a link opened twice')
})

t.test('the first proof voids the password, unless it comes with it or with a token of the account', async t => {
  const made = await mailApp(t)
  const { post, tokenTo, logIn } = made
  const proofs = {
    a: async () => ({ status: 204, keeps: false, body: {}, headers: {} }),
    b: async () => ({ status: 204, keeps: true, body: { password }, headers: {} }),
    c: async () => ({ status: 204, keeps: true, body: {}, headers: bearer((await logIn('c', password)).access_token) }),
    d: async () => ({ status: 204, keeps: false, body: {}, headers: bearer((await logIn('thirdy')).access_token) }),
  }
  for (const [name, prepare] of Object.entries(proofs)) {
    await registered(made, name, `${name}@example.com`)
    const token = await tokenTo(`${name}@example.com`)
    const wrong = await post('/email/verify', { token, password: 'wrong' })
    t.equal(wrong.json().code, 'invalid_credentials')
    t.equal(
      (await post('/email/verify', { token }, bearer('nonsense'))).statusCode,
      401,
      'a token that is given must be good',
    )
    const { status, keeps, body, headers } = await prepare()
    t.equal((await post('/email/verify', { token, ...body }, headers)).statusCode, status, name)
    t.equal((await post('/login', { username: name, password })).statusCode, keeps ? 200 : 401, name)
    t.equal((await made.app.stores.users.findByUsername(name))?.emailVerified, true)
  }
})

t.test("an address that somebody registered first is its owner's after the owner's own registration", async t => {
  const made = await mailApp(t)
  const { app, post, deliver, logIn, me } = made
  const thief = await registered(made, 'thief', 'victim@example.com')
  const stolen = await logIn('thief', password)
  const [toThief] = await deliver()

  const owner = await post('/register', {
    username: 'victim',
    password: 'another sentence',
    email: 'victim@example.com',
  })
  t.equal(owner.statusCode, 201, 'nothing is reserved')
  const [mail] = await deliver()
  await post('/email/verify', { token: tokenIn(mail ?? { text: '', purpose: 'verify' }), password: 'another sentence' })

  t.match(await app.users.get(thief), { email: null, emailVerified: false })
  t.equal((await post('/email/verify', { token: tokenIn(toThief ?? { text: '', purpose: 'verify' }) })).statusCode, 400)
  t.match(claimsOf((await logIn('victim@example.com', 'another sentence')).access_token), { username: 'victim' })
  t.equal((await me(stolen.access_token)).statusCode, 200, 'the other account goes on without the address')
})

t.test(
  'nothing of who registered an address first survives when its owner follows that link and asks for a password',
  async t => {
    const made = await mailApp(t)
    const { app, post, deliver, tokenTo, logIn, me, refresh } = made
    const thief = await registered(made, 'thief', 'victim@example.com')
    const stolen = await logIn('thief', password)
    const token = await tokenTo('victim@example.com')

    t.equal((await post('/email/verify', { token })).statusCode, 204)
    t.equal((await me(stolen.access_token)).json().code, 'token_revoked')
    t.equal((await refresh(stolen.refresh_token)).statusCode, 401)
    t.equal((await post('/login', { username: 'thief', password })).statusCode, 401)
    await post('/password/forgot', { username: 'victim@example.com' })
    const [mail] = await deliver()
    await post('/password/reset', {
      token: tokenIn(mail ?? { text: '', purpose: 'reset' }),
      new_password: 'my own sentence',
    })
    t.equal(claimsOf((await logIn('victim@example.com', 'my own sentence')).access_token)['sub'], thief)
    t.equal(await app.addressProof.pending(thief), null)
  },
)

t.test(
  'factors and pending changes of who made an account do not survive that its address is proven by another',
  async t => {
    const { app, post, deliver, tokenTo } = await mailApp(t)
    const thief = (await post('/register', { username: 'thief', password })).json().user_id
    const { factors, challenges } = app.stores
    const open = { challengeId: 'c', kind: 'totp', userId: thief, credentialsVersion: 0, data: null }
    await challenges.open(open, 600)
    const factor = { factorId: 'f', userId: thief, kind: 'totp', name: null, lastStep: 0, data: 'sealed' } as const
    t.ok(await factors.add(factor, { challengeId: 'c', keep: '', codes: ['code'] }))
    await app.addressProof.change(await sessionOf(app, thief), 'victim@example.com', client)

    t.equal((await post('/email/verify', { token: await tokenTo('victim@example.com') })).statusCode, 204)
    t.match(await app.users.get(thief), { email: 'victim@example.com', passwordHash: null, secondFactors: [] })
    t.strictSame(await factors.list(thief), [])
    t.equal(await factors.countCodes(thief), 0)
    t.equal(await app.addressProof.pending(thief), null)
    t.strictSame(await deliver(), [])
  },
)

t.test('a change of address waits for the new one, and the name that is the address follows', async t => {
  const made = await mailApp(t)
  const { app, post, deliver, logIn, tokenTo } = made
  t.equal((await post('/register', { password, email: 'ana@example.com' })).statusCode, 202)
  await post('/email/verify', { token: await tokenTo('ana@example.com'), password })
  const { userId } = (await app.stores.users.findByEmail('ana@example.com')) ?? { userId: '' }

  const headers = bearer((await logIn('ana@example.com', password)).access_token)
  const body = { email: 'New@example.com' }
  const asked = await app.inject({ method: 'PATCH', url: '/me/account', headers, body })
  t.match(asked.json(), { email: 'ana@example.com', email_verified: true, pending_email: 'new@example.com' })
  t.equal((await app.inject({ url: '/me/account', headers })).json().pending_email, 'new@example.com')
  await logIn('ana@example.com', password)
  t.match(await app.users.get(userId), { email: 'ana@example.com', username: 'ana@example.com' })
  const [mail] = await deliver()
  t.match(mail, { to: 'new@example.com', purpose: 'change' })
  t.equal((await post('/email/verify', { token: tokenIn(mail ?? { text: '', purpose: 'change' }) })).statusCode, 204)
  t.match(await app.users.get(userId), { email: 'new@example.com', username: 'new@example.com', emailVerified: true })
  t.equal(await app.addressProof.pending(userId), null)
  t.match(await deliver(), [{ to: 'ana@example.com', purpose: 'undo' }])
  await logIn('new@example.com', password)
  t.equal((await post('/login', { username: 'ana@example.com', password })).statusCode, 401)
})

t.test('the address of before undoes a change for 7 days, whatever a hijacker did after it', async t => {
  const made = await withAna(t)
  const { app, later, post, deliver, logIn, me, tokenTo, userId } = made
  await deliver()
  await app.addressProof.change(await sessionOf(app, userId), 'thief@example.com', client)
  await post('/email/verify', { token: await tokenTo('thief@example.com') })
  const [told] = await deliver()
  t.match(told, { to: 'ana@example.com', purpose: 'undo' })
  const undo = tokenIn(told ?? { text: '', purpose: 'undo' })

  await later(day)
  const hijacker = await logIn('ana', password)
  await app.ownAccount.changePassword(
    userId,
    String(claimsOf(hijacker.access_token)['sid']),
    password,
    'of the hijacker',
    client,
  )
  await app.addressProof.change(await sessionOf(app, userId), 'thief2@example.com', client)
  const second = (await deliver()).find(({ purpose }) => purpose === 'change') // of one second, in any order
  await post('/email/verify', { token: tokenIn(second ?? { text: '', purpose: 'change' }) })
  const [back] = await deliver()
  await app.addressProof.change(await sessionOf(app, userId), 'thief3@example.com', client)
  const third = await tokenTo('thief3@example.com')
  await post('/password/forgot', { username: 'thief2@example.com' })
  const reset = await tokenTo('thief2@example.com')
  const stranger = await post('/register', { username: 'stranger', password, email: 'ana@example.com' })
  await deliver()
  await t.rejects(app.users.change('user-1', { email: 'ana@example.com' }, { by: 'a test' }), { code: 'taken' })

  await later(6 * day - 1)
  const last = await logIn('ana', 'of the hijacker')
  t.equal((await post('/email/verify', { token: undo })).statusCode, 204)
  t.match(await app.users.get(userId), { email: 'ana@example.com', emailVerified: true, passwordHash: null })
  t.equal((await me(last.access_token)).json().code, 'token_revoked')
  for (const username of ['ana', 'thief2@example.com']) {
    t.equal((await post('/login', { username, password: 'of the hijacker' })).statusCode, 401)
  }
  for (const token of [undo, tokenIn(back ?? { text: '', purpose: 'undo' }), third]) {
    t.equal((await post('/email/verify', { token })).json().code, 'invalid_link')
  }
  t.equal(
    (await post('/password/reset', { token: reset, new_password: 'mine again, thief' })).json().code,
    'invalid_link',
  )
  t.match(await app.users.get(stranger.json().user_id), { emailVerified: false })

  const [ofOwner] = (await deliver()).filter(({ to }) => to === 'ana@example.com')
  t.match(ofOwner, { purpose: 'reset' })
  await post('/password/reset', {
    token: tokenIn(ofOwner ?? { text: '', purpose: 'reset' }),
    new_password: 'my own again',
  })
  await logIn('ana@example.com', 'my own again')
})

t.test('taking a change back takes the factor that was added between asking for it and following its link', async t => {
  const made = await withAna(t, { secondFactor: 'optional' })
  const { app, later, post, deliver, tokenTo, userId } = made
  const hijacker = asUser(made, made.tokens.access_token)
  await hijacker('PATCH', '/me/account', { email: 'thief@example.com' })
  const token = await tokenTo('thief@example.com')
  await later(60)
  const key = createAuthenticator({ origin: 'http://localhost:3000', rpId: 'localhost' })
  const response = key.create((await hijacker('POST', '/me/passkeys/options')).json())
  t.equal((await hijacker('POST', '/me/passkeys', { name: 'of the thief', response })).statusCode, 201)
  await deliver()
  await later(day - 61)
  t.equal((await post('/email/verify', { token })).statusCode, 204)

  const [undo] = await deliver()
  await later(7 * day - 1)
  t.equal((await post('/email/verify', { token: tokenIn(undo ?? { text: '', purpose: 'undo' }) })).statusCode, 204)
  const { email, secondFactors } = await app.users.get(userId)
  t.strictSame({ email, secondFactors }, { email: 'ana@example.com', secondFactors: [] })
  const options = (await post('/login/passkey/options', {})).json()
  t.equal((await post('/login/passkey', { response: key.get(options) })).json().code, 'invalid_code')
})

t.test('a change of address dies with the password it was asked under, and an old undo with its 7 days', async t => {
  const { app, later, post, deliver, tokenTo, userId } = await withAna(t)
  await app.addressProof.change(await sessionOf(app, userId), 'thief@example.com', client)
  const token = await tokenTo('thief@example.com')
  await app.users.change(userId, { password: 'a new one of the owner' }, { by: 'a test' })
  t.equal((await post('/email/verify', { token })).json().code, 'invalid_link')

  await app.addressProof.change(await sessionOf(app, userId), 'new@example.com', client)
  await post('/email/verify', { token: await tokenTo('new@example.com') })
  const [told] = await deliver()
  await later(7 * day)
  t.equal((await post('/email/verify', { token: tokenIn(told ?? { text: '', purpose: 'undo' }) })).statusCode, 400)
})

t.test("who gives an address that is somebody's learns nothing of it, and its owner is told", async t => {
  const { app, post, deliver, userId } = await withAna(t)
  await deliver()
  const bob = (await post('/register', { username: 'bob', password, email: 'ana@example.com' })).json().user_id
  t.match(await deliver(), [{ to: 'ana@example.com', purpose: 'registered_already', text: /^(?!.*#token)/s }])
  t.equal((await post('/register', { password, email: 'ana@example.com' })).statusCode, 202)
  t.match(await deliver(), [{ to: 'ana@example.com', purpose: 'registered_already' }])
  await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  await app.addressProof.change(await sessionOf(app, 'user-2'), 'ana@example.com', client)
  t.match(await deliver(), [{ to: 'ana@example.com', purpose: 'registered_already' }])
  await t.rejects(app.addressProof.change(await sessionOf(app, bob), 'bob@example.com', client), {
    code: 'email_unverified',
  })
  await app.addressProof.change(await sessionOf(app, userId), 'ana@example.com', client)
  t.strictSame(await deliver(), [], "one's own address is no change")
})

t.test('a link is one to nothing after its address went to somebody else', async t => {
  const made = await mailApp(t)
  const { app, post, tokenTo } = made
  await registered(made, 'ana', 'shared@example.com')
  const token = await tokenTo('shared@example.com')
  await app.users.change('user-2', { email: 'shared@example.com' }, { by: 'a test' })
  t.equal((await post('/email/verify', { token, password })).json().code, 'invalid_link')
})

t.test('where proof is required, the account is there when the link was followed', async t => {
  const made = await mailApp(t, { emailVerification: 'required' })
  const { app, later, post, deliver, tokenTo, logIn } = made
  await app.users.create({ username: 'known', password, email: 'known@example.com' }, { by: 'a test' })
  const ask = (username: string | undefined, email: string) => post('/register', { username, password, email })
  const answers = [await ask('ana', 'ana@example.com'), await ask('eva', 'known@example.com')]
  t.strictSame(
    answers.map(({ statusCode, body }) => [statusCode, body]),
    [
      [202, ''],
      [202, ''],
    ],
  )
  t.match((await deliver()).map(({ to, purpose }) => `${purpose} ${to}`).toSorted(), [
    'register ana@example.com',
    'registered_already known@example.com',
  ])
  t.equal((await post('/login', { username: 'ana', password })).statusCode, 401)
  for (const name of ['ana', 'eva', 'known']) t.equal((await ask(name, 'other@example.com')).json().code, 'taken', name)

  await later(day)
  t.equal((await ask('ana', 'ana@example.com')).statusCode, 202, 'a name is held for a day')
  const token = await tokenTo('ana@example.com')
  t.equal((await post('/email/verify', { token, password: 'wrong' })).json().code, 'invalid_credentials')
  t.equal((await post('/email/verify', { token, password })).statusCode, 204)
  t.match(claimsOf((await logIn('ana@example.com', password)).access_token), { username: 'ana', email_verified: true })
  t.equal((await post('/email/verify', { token, password })).statusCode, 400)

  t.equal((await ask(undefined, 'eva@example.com')).statusCode, 202)
  t.equal((await post('/email/verify', { token: await tokenTo('eva@example.com') })).statusCode, 204)
  t.match(await app.stores.users.findByEmail('eva@example.com'), { username: 'eva@example.com', passwordHash: null })
  t.equal(
    (await post('/register', { username: 'nomail', password })).statusCode,
    201,
    'who has no address is not held up',
  )
  await logIn('nomail', password)
})

t.test(
  'where proof has become required, whoever has none is told after the right password, and gets a link',
  async t => {
    const made = await mailApp(t)
    await registered(made, 'ana', 'ana@example.com')
    await made.deliver()
    const { admit } = await strict(made)
    const user = await made.app.users.lookUp('ana')
    await t.rejects(admit(user, client), { code: 'email_unverified' })
    t.equal((await made.deliver()).length, 1)

    const required = await mailApp(t, { emailVerification: 'required' })
    await required.app.stores.users.create({
      userId: 'id-eva',
      username: 'eva',
      email: 'eva@example.com',
      emailVerified: false,
      role: 'user',
      passwordHash: (await made.app.stores.users.findByUsername('ana'))?.passwordHash ?? null,
    })
    t.equal((await required.post('/login', { username: 'eva', password: 'wrong' })).json().code, 'invalid_credentials')
    const refused = await required.post('/login', { username: 'eva', password })
    t.match([refused.statusCode, refused.json().code], [403, 'email_unverified'])
    const token = await required.tokenTo('eva@example.com')
    await required.post('/email/verify', { token, password })
    await required.logIn('eva', password)
  },
)

async function strict({ app }: MailApp) {
  const { createAddressProof } = await import('../../src/users/address-proof.ts')
  const { mailer, stores, users: accounts, registration, revocations, audit } = app
  const authentication = { checkPassword: () => Promise.reject(new Error('not here')) }
  const parts = {
    mailer,
    mails: stores.mails,
    users: stores.users,
    accounts,
    registration,
    authentication,
    revocations,
    audit,
  }
  return createAddressProof({ ...parts, isRequired: true })
}

t.test('what is no address for mail is refused where people give their own', async t => {
  const { post, deliver } = await mailApp(t)
  const bad = [
    '"a b"@example.com',
    '"a"@example.com',
    'a@[127.0.0.1]',
    'a@exa mple.com',
    'a\nBcc: b@example.com',
    'a@example.com\r\nX: y',
    'a@b@example.com',
    '.a@example.com',
    'a..b@example.com',
    'a@-example.com',
    'a,b@example.com',
    '<a@example.com>',
    `${'a'.repeat(65)}@example.com`,
    'a',
    '@',
    'a@',
  ]
  for (const email of bad) {
    const response = await post('/register', { username: 'ana', password, email })
    t.match([response.statusCode, response.json().errors?.[0]?.pointer], [400, '/email'], JSON.stringify(email))
  }
  for (const email of [['a@example.com', 'b@example.com'], { address: 'a@example.com' }, 1, null]) {
    t.equal((await post('/register', { username: 'ana', password, email })).statusCode, 400)
  }
  t.equal((await post('/register', { password })).statusCode, 400)
  t.strictSame(await deliver(), [])
})
