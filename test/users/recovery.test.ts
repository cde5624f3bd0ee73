/** Forgotten passwords: a link to the proven address, and nothing told to anybody else. (The link: reset-links.test.ts) */
import t from 'tap'
import { bearer, mailApp, tokenIn } from '../helpers/mail.ts'
import { withMaria } from './with-maria.ts'

const newPassword = 'a new sentence of mine'

t.test('a link sets a new password once, ends all sessions and tells the owner', async t => {
  const { app, post, deliver, logIn, me, log } = await withMaria(t)
  const before = await logIn('maria')

  const asked = await post('/password/forgot', { username: 'Maria' })
  t.equal(asked.statusCode, 202)
  const [mail, ...others] = await deliver()
  t.strictSame(others, [])
  t.match(mail, {
    to: 'maria@example.com',
    purpose: 'reset',
    language: 'en',
    subject: 'Set a new password for localhost:3000',
  })
  const token = tokenIn(mail ?? { text: '', purpose: 'reset' })
  t.match(mail?.text, `https://app.example/reset#token=${token}\n`)
  t.match(mail?.html, `<a href="https://app.example/reset#token=${token}">`)

  const reset = await post('/password/reset', { token, new_password: newPassword })
  t.equal(reset.statusCode, 204)
  t.equal((await me(before.access_token)).json().code, 'token_revoked')
  t.equal((await post('/login', { username: 'maria', password: 'demo123' })).statusCode, 401)
  t.ok((await logIn('maria@example.com', newPassword)).access_token)
  t.match(await deliver(), [{ to: 'maria@example.com', purpose: 'password_changed' }])

  const again = await post('/password/reset', { token, new_password: 'another sentence' })
  t.match(
    { status: again.statusCode, ...again.json() },
    { status: 400, code: 'invalid_link', detail: 'Link is not valid' },
  )
  t.ok(log.some(line => line.includes('"event":"password.reset","sub":"user-2"')))
  t.equal(await app.stores.mails.waiting().then(({ count }) => count), 0)
})

t.test('nobody but an enabled user with a proven address gets a mail, and all get the same answer', async t => {
  const { app, post, deliver, logIn } = await withMaria(t)
  const admin = bearer((await logIn()).access_token)
  await post('/users', { username: 'off', password: newPassword, email: 'off@example.com' }, admin)
  const { items } = await app.users.list({ limit: 10, q: 'off' })
  await app.users.change(items[0]?.userId ?? '', { disabled: true }, { by: 'a test' })
  await post('/register', { username: 'new', password: newPassword, email: 'new@example.com' })
  await deliver()

  const names = [
    'maria',
    'thirdy',
    'off',
    'off@example.com',
    'new',
    'new@example.com',
    'nobody',
    'nobody@example.com',
    '\0',
    ' ',
  ]
  const answers = await Promise.all(names.map(username => post('/password/forgot', { username })))
  const bytes = answers.map(({ statusCode, body, headers: { date: _, ...headers } }) =>
    JSON.stringify({ statusCode, body, headers }),
  )
  t.equal(new Set(bytes).size, 1)
  t.equal(answers[0]?.statusCode, 202)
  t.equal(answers[0]?.headers['cache-control'], 'no-store')
  t.strictSame(
    (await deliver()).map(({ to, purpose }) => [to, purpose]),
    [['maria@example.com', 'reset']],
  )
})

t.test('mail goes to the spelling that is stored, whatever looks like it was typed', async t => {
  const { post, deliver } = await withMaria(t)
  for (const username of [
    'mаria@example.com' /* Cyrillic */,
    'maria@exаmple.com',
    'maria@example.com.',
    '"maria"@example.com',
  ]) {
    t.equal((await post('/password/forgot', { username })).statusCode, 202, username)
  }
  t.strictSame(await deliver(), [])
  // Full-width letters and capitals are the same address, and it is the stored one that is written to.
  await post('/password/forgot', { username: ' ＭARIA@EXAMPLE.COM\n' })
  t.strictSame(
    (await deliver()).map(({ to }) => to),
    ['maria@example.com'],
  )
})

t.test('what is no name is refused as any body is: an array of addresses, an object, too long a text', async t => {
  const { post, deliver } = await withMaria(t)
  for (const username of [['maria@example.com', 'thief@example.com'], { a: 1 }, 1, null, '', 'x'.repeat(1025)]) {
    t.equal((await post('/password/forgot', { username })).statusCode, 400)
  }
  t.strictSame(await deliver(), [])
})

t.test('three an hour for a user, under whatever names; a flood of other names keeps nobody waiting', async t => {
  const { app, later, post, deliver } = await withMaria(t)
  for (let i = 0; i < 5; i++) {
    await post('/password/forgot', { username: i % 2 ? 'maria' : 'maria@example.com' })
    await deliver()
  }
  t.equal(app.mailing?.mailbox.length, 3)
  await later(3601)
  const flood = Array.from({ length: 300 }, (_, i) => post('/password/forgot', { username: `nobody-${i}` }))
  await Promise.all([...flood, post('/password/forgot', { username: 'maria' })])
  t.equal((await app.stores.mails.waiting()).count, 301)
  await app.mailer?.worker.poll()
  await app.mailer?.worker.drain()
  t.equal(app.mailing?.mailbox.length, 4)
})

t.test('a reset ends the wait of the account', async t => {
  const { post, tokenTo, logIn } = await withMaria(t, { loginFreeFailures: 1 })
  for (let i = 0; i < 2; i++) await post('/login', { username: 'maria', password: 'wrong' })
  t.equal((await post('/login', { username: 'maria', password: 'demo123' })).statusCode, 429)
  await post('/password/forgot', { username: 'maria' })
  await post('/password/reset', { token: await tokenTo('maria@example.com'), new_password: newPassword })
  t.ok(await logIn('maria', newPassword))
})

t.test('an administrator sends a link that lasts 7 days and proves the address', async t => {
  const { app, later, post, deliver, tokenTo, logIn } = await mailApp(t)
  const admin = bearer((await logIn()).access_token)
  const { user_id } = (
    await post('/register', { username: 'new', password: newPassword, email: 'new@example.com' })
  ).json()
  const other = { username: 'other', password: newPassword, email: 'new@example.com' }
  const { user_id: otherId } = (await post('/register', other)).json()
  await deliver()
  const send = (id: string, headers = admin) => post(`/users/${id}/password-reset`, {}, headers)

  t.equal((await send(user_id)).statusCode, 202)
  const token = await tokenTo('new@example.com')
  await later(7 * 86_400 - 1)
  t.equal((await post('/password/reset', { token, new_password: newPassword })).statusCode, 204)
  t.match(await app.users.get(user_id), { email: 'new@example.com', emailVerified: true })
  t.match(await app.users.get(otherId), { email: null }, 'who had only named it has it no more')
  await logIn('new@example.com', newPassword)

  const fresh = bearer((await logIn()).access_token)
  t.equal((await send('user-2', fresh)).statusCode, 400, 'maria has no address')
  t.equal((await send('nobody', fresh)).statusCode, 404)
  t.equal((await send(user_id, bearer((await logIn('maria')).access_token))).statusCode, 403)
  for (let i = 0; i < 10; i++) t.equal((await send(user_id, fresh)).statusCode, 202)
  t.equal((await send(user_id, fresh)).statusCode, 429)
})

t.test('without mail everything that needs it says so, and the document does not offer it', async t => {
  const { app, post, logIn } = await mailApp(t, { mail: undefined, emailVerification: 'off', docs: true })
  const admin = bearer((await logIn()).access_token)
  const asked = [
    await post('/password/forgot', { username: 'maria' }),
    await post('/password/reset', { token: 'x', new_password: newPassword }),
    await post('/email/verify', { token: 'x' }),
    await post('/users/user-2/password-reset', {}, admin),
    await post('/register', { password: newPassword, email: 'a@example.com' }),
  ]
  for (const { statusCode, body } of asked) t.match([statusCode, JSON.parse(body).code], [403, 'mail_off'])
  const { paths } = (await app.inject('/openapi.json')).json()
  t.notOk(Object.keys(paths).some(path => /password\/|email\/|password-reset/.test(path)))
  t.equal(app.mailing, undefined)
})
