/** A forgotten password and an address, as the pages that links lead to do it. */
import t from 'tap'
import { memoryMail } from '../../../test/helpers/mail-settings.ts'
import { createSignetMail, takeToken } from '../src/mail.ts'
import { startSignet } from './setup.ts'

t.test('register, prove, forget, reset and change the address', async t => {
  const overrides = { mail: memoryMail, emailVerification: 'optional', registrationIsOpen: true } as const
  const { app, url, open } = await startSignet(t, overrides)
  const { signet, network } = open()
  const mail = createSignetMail(signet, url)
  const token = async (address = 'ana@example.com') => {
    await app.mailer?.worker.drain()
    const texts = app.mailing?.mailbox.filter(({ to, text }) => to === address && text.includes('#token=')) ?? []
    return /#token=(\S+)/.exec(texts.at(-1)?.text ?? '')?.[1] ?? ''
  }

  const password = 'a long sentence of mine'
  t.match(await mail.register({ username: 'ana', password, email: 'ana@example.com' }), { username: 'ana' })
  const first = await token()
  await t.rejects(mail.verifyEmail(first, 'wrong'), { name: 'SignetError', code: 'invalid_credentials', status: 401 })
  await mail.verifyEmail(first, password)
  t.equal(await mail.register({ password, email: 'eva@example.com' }), null)

  await mail.forgotPassword('ana@example.com')
  const reset = await token()
  await t.rejects(mail.resetPassword(reset, 'short'), { code: 'invalid_request' })
  await mail.resetPassword(reset, 'another sentence of mine')
  await t.rejects(mail.resetPassword(reset, 'another sentence of mine'), { code: 'invalid_link' })

  await t.rejects(mail.changeEmail('ana@new.example'), { code: 'missing_token' })
  await signet.login('ana@example.com', 'another sentence of mine')
  t.match(await mail.changeEmail('ana@new.example'), { email: 'ana@example.com', pending_email: 'ana@new.example' })
  await mail.verifyEmail(await token('ana@new.example'))
  t.match(await signet.account(), { email: 'ana@new.example', pending_email: null })

  network.faults.set('/password/forgot', ['no network'])
  await t.rejects(mail.forgotPassword('ana'), { code: 'network', status: 0 })
})

t.test('who is logged in keeps the password when the address is proven', async t => {
  const overrides = { mail: memoryMail, emailVerification: 'optional', registrationIsOpen: true } as const
  const { app, url, open } = await startSignet(t, overrides)
  const { signet } = open()
  const mail = createSignetMail(signet, url)
  const password = 'a long sentence of mine'
  await mail.register({ username: 'ana', password, email: 'ana@example.com' })
  await signet.login('ana', password)
  await app.mailer?.worker.drain()
  await mail.verifyEmail(/#token=(\S+)/.exec(app.mailing?.mailbox[0]?.text ?? '')?.[1] ?? '')
  t.ok(await signet.login('ana@example.com', password))
})

t.test('a token is taken out of the address of the page', t => {
  const page = { hash: '#token=row.mac', pathname: '/reset', search: '?a=b' }
  const replaced: unknown[] = []
  const history = { state: 1, replaceState: (...args: unknown[]) => void replaced.push(args) }
  Object.assign(globalThis, { location: page, history })
  t.teardown(() => {
    for (const name of ['location', 'history']) Reflect.deleteProperty(globalThis, name)
  })
  t.equal(takeToken(), 'row.mac')
  t.strictSame(replaced, [[1, '', '/reset?a=b']])
  page.hash = '#elsewhere'
  t.equal(takeToken(), null)
  t.equal(replaced.length, 1)
  t.end()
})
