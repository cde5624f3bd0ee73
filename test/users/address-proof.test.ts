/** Whose an address is: nobody's until proven, and then its owner's alone, whoever registered it first. */
import t, { type Test } from 'tap'
import { client, password, registered, sessionOf, withAna } from '../helpers/address.ts'
import { bearer, type MailApp, mailApp, tokenIn } from '../helpers/mail.ts'
import { claimsOf } from '../helpers/tokens.ts'

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

async function addFactor(t: Test, { stores: { factors, challenges } }: MailApp['app'], userId: string) {
  await challenges.open({ challengeId: 'c', kind: 'totp', userId, credentialsVersion: 0, data: null }, 600)
  const factor = { factorId: 'f', userId, kind: 'totp', name: null, lastStep: 0, data: 'sealed' } as const
  t.ok(await factors.add(factor, { challengeId: 'c', keep: '', codes: ['code'] }))
}

t.test(
  'factors and pending changes of who made an account do not survive that its address is proven by another',
  async t => {
    const { app, post, deliver, tokenTo } = await mailApp(t)
    const thief = (await post('/register', { username: 'thief', password })).json().user_id
    const { factors } = app.stores
    await addFactor(t, app, thief)
    await app.addressProof.change(await sessionOf(app, thief), 'victim@example.com', client)

    t.equal((await post('/email/verify', { token: await tokenTo('victim@example.com') })).statusCode, 204)
    t.match(await app.users.get(thief), { email: 'victim@example.com', passwordHash: null, secondFactors: [] })
    t.strictSame(await factors.list(thief), [])
    t.equal(await factors.countCodes(thief), 0)
    t.equal(await app.addressProof.pending(thief), null)
    t.strictSame(await deliver(), [])
  },
)

t.test('nor do factors survive that it is proven by an administrator’s link for a password', async t => {
  const { app, post, tokenTo, deliver } = await mailApp(t)
  const { user_id: thief } = (
    await post('/register', { username: 'thief', password, email: 'victim@example.com' })
  ).json()
  await deliver()
  await addFactor(t, app, thief)
  await app.recovery.sendLink(thief, { by: 'a test' }, {})
  const token = await tokenTo('victim@example.com')
  t.equal((await post('/password/reset', { token, new_password: 'my own sentence' })).statusCode, 204)
  t.match(await app.users.get(thief), { emailVerified: true, secondFactors: [] })
  t.equal(await app.stores.factors.countCodes(thief), 0)
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

t.test(
  'where nobody asks for a proof, registering sends nothing, and an address can be proven all the same',
  async t => {
    const made = await mailApp(t, { emailVerification: 'off' })
    const { app, deliver, logIn, tokenTo, post } = made
    await registered(made, 'ana', 'ana@example.com')
    t.strictSame(await deliver(), [])
    const { access_token: token } = await logIn('ana', password)
    const body = { email: 'ana@example.com' }
    const asked = await app.inject({ method: 'PATCH', url: '/me/account', headers: bearer(token), body })
    t.match(asked.json(), { email: 'ana@example.com', email_verified: false })
    const link = await tokenTo('ana@example.com')
    t.equal((await post('/email/verify', { token: link }, bearer(token))).statusCode, 204)
    t.match(claimsOf((await logIn('ana@example.com', password)).access_token), { email_verified: true })
  },
)
