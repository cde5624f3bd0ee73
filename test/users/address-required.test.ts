/** `EMAIL_VERIFICATION=required`: an account is there when its address was proven. */
import t from 'tap'
import { client, day, password, registered } from '../helpers/address.ts'
import { type MailApp, mailApp } from '../helpers/mail.ts'
import { claimsOf } from '../helpers/tokens.ts'

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

  const byItself = await post('/register', { password: 'Eva@Example.com', email: 'eva@example.com' })
  t.match(byItself.json().errors, [{ pointer: '/password' }], 'an address that is to be the name is no password')
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
