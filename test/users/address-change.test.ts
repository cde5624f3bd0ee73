/** A change of address: it waits for the new one, and the address of before can take it back. */
import t from 'tap'
import { client, day, password, sessionOf, withAna } from '../helpers/address.ts'
import { asUser } from '../helpers/authenticator.ts'
import { bearer, mailApp, tokenIn } from '../helpers/mail.ts'
import { createAuthenticator } from '../helpers/passkey.ts'
import { claimsOf } from '../helpers/tokens.ts'

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

t.test(
  'taking a change back ends the sessions of whoever made it, also where there is no password to take away',
  async t => {
    const { app, post, deliver, tokenTo, userId } = await withAna(t)
    await app.stores.users.update(userId, { passwordHash: null })
    const hijacker = await sessionOf(app, userId)
    await app.addressProof.change(hijacker, 'thief@example.com', client)
    await post('/email/verify', { token: await tokenTo('thief@example.com') })
    const undo = (await deliver()).map(tokenIn)[0]
    t.equal((await app.stores.sessions.find(hijacker.sid))?.session.revokedAt, null)
    t.equal((await post('/email/verify', { token: undo })).statusCode, 204)
    t.match(await app.stores.sessions.find(hijacker.sid), {
      session: { revokedAt: Number, revokeReason: 'email_changed' },
    })
  },
)

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
