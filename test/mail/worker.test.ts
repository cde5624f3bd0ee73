/** The outbox at work, on a real mail server: bad days of the server, of a recipient and of the sender. */
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { client, sessionOf } from '../helpers/address.ts'
import type { Overrides } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { bearer, type MailApp, mailApp, memoryMail, tokenIn } from '../helpers/mail.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'
import { type Smtp, startSmtp } from '../helpers/smtp.ts'
import { newSecret } from '../helpers/tokens.ts'

async function withServer(t: Test, overrides: Overrides = {}): Promise<MailApp & Smtp> {
  const smtp = await startSmtp(t)
  return { ...smtp, ...(await mailApp(t, { mail: { ...memoryMail, transport: smtp.settings }, ...overrides })) }
}

async function withAddresses({ app }: MailApp, ...names: string[]): Promise<void> {
  for (const username of names) {
    const user = { userId: `id-${username}`, username, email: `${username}@example.com`, role: 'user' }
    await app.stores.users.create({ ...user, passwordHash: null })
  }
}

t.test('451 for a day: tried again, ever more rarely, until the link is too old', async t => {
  const made = await withServer(t)
  const { app, clock, post, answers, received, log } = made
  await withAddresses(made, 'ana')
  answers.set('ana@example.com', 451)
  await post('/password/forgot', { username: 'ana' })
  let tries = 0
  const attempts: number[] = []
  for (let seconds = 0; seconds < 86_400; seconds += seconds < 2000 ? 30 : 3600) {
    await app.mailer?.worker.drain()
    const [row] = await app.stores.mails.listUnsent({ limit: 10 })
    if (row && row.tries > tries) attempts.push(seconds)
    tries = row?.tries ?? tries
    clock.advance(seconds < 2000 ? 30 : 3600)
  }
  t.strictSame(attempts, [0, 30, 90, 210, 450, 930], 'half a minute, then twice as long each time')
  t.strictSame(received, [])
  const told = log.filter(line => line.includes('a mail could not be sent now'))
  t.equal(told.length, 6)
  t.notMatch(told.join(''), 'ana@example.com')
})

t.test('550 is final, is told, and can be tried again by hand', async t => {
  const made = await withServer(t)
  const { app, post, clock, answers, received, log } = made
  await withAddresses(made, 'ana')
  answers.set('ana@example.com', 550)
  await post('/password/forgot', { username: 'ana' })
  await app.mailer?.worker.drain()
  t.match(await app.stores.mails.listUnsent({ limit: 10 }), [{ dueAt: null, tries: 1, failure: /^550/ }])
  t.ok(log.some(line => line.includes('"event":"mail.refused","sub":')))
  clock.advance(600)
  await app.mailer?.worker.drain()
  t.match(await app.stores.mails.listUnsent({ limit: 10 }), [{ tries: 1 }])
  answers.clear()
  await app.stores.mails.retry()
  await app.mailer?.worker.drain()
  t.equal(received.length, 1)
})

t.test(
  'who was away for a while is not written to less often for it: a mail counts once, however often it is tried',
  async t => {
    const { app, post, clock, answers, received, log } = await withServer(t)
    answers.set('ana@example.com', 451)
    await post('/register', { username: 'ana', password: 'a long sentence of mine', email: 'ana@example.com' })
    for (let tries = 0; tries < 6; tries++) {
      await app.mailer?.worker.drain()
      clock.advance(30 * 2 ** tries)
    }
    t.match(await app.stores.mails.listUnsent({ limit: 10 }), [{ purpose: 'verify', tries: 6 }])
    answers.clear()
    await app.mailer?.worker.drain()
    t.match(received, [{ to: 'ana@example.com' }])
    t.notOk(log.some(line => line.includes('a mail was dropped')))
  },
)

t.test("a recipient whose server hangs delays nobody else, and is nobody else's for two minutes", async t => {
  const made = await withServer(t)
  const { app, post, clock, answers, received } = made
  await withAddresses(made, 'slow', 'ana', 'eva')
  answers.set('slow@example.com', 'hang')
  for (const username of ['slow', 'ana', 'eva']) await post('/password/forgot', { username })
  await app.mailer?.worker.poll()
  await waitUntil(async () => received.length === 2)
  t.strictSame(received.map(({ to }) => to).toSorted(), ['ana@example.com', 'eva@example.com'])
  const [slow] = await app.stores.mails.listUnsent({ limit: 10 })
  t.match(slow, { address: 'slow@example.com', failure: null }, 'which is still being tried')
  clock.advance(119)
  t.strictSame(await app.stores.mails.claim(10, 60), [])
  clock.advance(1)
  t.match(await app.stores.mails.claim(10, 60), [{ address: 'slow@example.com', tries: 2 }], 'or who tried was killed')
})

t.test('a stop waits two seconds for a mail and breaks it off, which is no failure of the mail', async t => {
  const made = await withServer(t)
  const { app, post, answers } = made
  await withAddresses(made, 'ana')
  answers.set('ana@example.com', 'hang')
  await post('/password/forgot', { username: 'ana' })
  const unsent = () => app.stores.mails.listUnsent({ limit: 10 })
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let isPolled = false
  const polled = app.mailer?.worker.poll().then(() => (isPolled = true))
  while ((await unsent())[0]?.tries !== 1) await turn()
  for (; !isPolled; await turn()) mock.timers.tick(1_000)
  await polled
  let isClosed = false
  const closed = app.mailer?.worker.close().then(() => (isClosed = true))
  mock.timers.tick(1_999)
  for (let i = 0; i < 5; i++) await turn()
  t.equal(isClosed, false)
  mock.timers.tick(1)
  await closed
  t.match(await unsent(), [{ tries: 1, failure: null, dueAt: Number }])
})

t.test('a connection that breaks off after the text: the mail is tried again, as the same one', async t => {
  const made = await withServer(t)
  const { app, post, clock, answers, received } = made
  await withAddresses(made, 'ana')
  answers.set('ana@example.com', 'data reset')
  await post('/password/forgot', { username: 'ana' })
  await app.mailer?.worker.drain()
  const [row] = await app.stores.mails.listUnsent({ limit: 10 })
  answers.clear()
  clock.advance(30)
  await app.mailer?.worker.drain()
  t.match(received, [{ messageId: `<${row?.id}@signet.example>` }])
})

t.test('two instances on one outbox send each mail once', async t => {
  const smtp = await startSmtp(t)
  const mail = { ...memoryMail, transport: smtp.settings }
  const shared = { mail, sqlitePath: `${await temporaryFolder(t)}/signet.db`, secrets: [newSecret()] as const }
  const clock = movableClock()
  const [first, second] = [await mailApp(t, shared, clock), await mailApp(t, shared, clock)]
  const names = Array.from({ length: 30 }, (_, i) => `user-${i}x`)
  await withAddresses(first, ...names)
  for (const [i, username] of names.entries()) await (i % 2 ? first : second).post('/password/forgot', { username })
  await Promise.all([first, second].map(({ app }) => app.mailer?.worker.drain()))
  t.equal(smtp.received.length, 30)
  t.equal(new Set(smtp.received.map(({ messageId }) => messageId)).size, 30)
})

t.test('mail that is turned off keeps what waits, and what is not too old is sent when it is on again', async t => {
  const shared = { sqlitePath: `${await temporaryFolder(t)}/signet.db`, secrets: [newSecret()] as const }
  const clock = movableClock()
  const on = await mailApp(t, shared, clock)
  await withAddresses(on, 'ana', 'eva')
  await on.post('/password/forgot', { username: 'ana' })
  await on.app.close()

  const off = await mailApp(t, { ...shared, mail: undefined, emailVerification: 'off' }, clock)
  t.equal((await off.post('/password/forgot', { username: 'eva' })).json().code, 'mail_off')
  t.equal(off.app.mailer, undefined)
  await off.app.close()

  const again = await mailApp(t, shared, clock)
  t.match(await again.deliver(), [{ to: 'ana@example.com', purpose: 'reset' }])
})

t.test('no Host, Origin or forwarding header of a request is ever in a mail', async t => {
  const { app, post, deliver } = await mailApp(t, { trustedProxies: ['127.0.0.1'] })
  await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  const evil = 'evil.example'
  const names = ['host', 'x-forwarded-host', 'x-forwarded-server', 'x-host', 'x-original-host', 'accept-language']
  const headers = {
    ...Object.fromEntries(names.map(name => [name, evil])),
    origin: `https://${evil}`,
    referer: `https://${evil}/`,
    forwarded: `host=${evil};proto=https`,
    'x-original-url': `https://${evil}/`,
  }
  t.equal((await post('/password/forgot', { username: 'maria' }, headers)).statusCode, 202)
  await post('/register', { username: 'new', password: 'a long sentence', email: 'new@example.com' }, headers)
  await post('/register', { password: 'a long sentence', email: 'waits@example.com' }, headers)
  const mails = await deliver()
  t.equal(mails.length, 3)
  t.notMatch(JSON.stringify(mails), /evil/)
  for (const mail of mails) t.match(mail.text, /https:\/\/app\.example\/(reset|verify)#token=/)
})

t.test('a mail is in the language of whoever asked for it', async t => {
  const { app, post, deliver } = await mailApp(t)
  await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  await post('/password/forgot', { username: 'maria' }, { 'accept-language': 'de-AT,de;q=0.9,en;q=0.5' })
  const [mail] = await deliver()
  t.match(mail, { language: 'de', subject: 'Neues Passwort für localhost:3000' })
  t.ok(tokenIn(mail ?? { text: '', purpose: 'reset' }))
})

t.test(
  'nobody floods an address: five an hour of what strangers can ask for, whoever asks and whatever they delete',
  async t => {
    const made = await mailApp(t)
    const { app, post, later, deliver, log } = made
    const password = 'a long sentence of mine'
    const toVictim = async () => (await deliver()).filter(({ to }) => to === 'victim@example.com').length
    for (let i = 0; i < 10; i++) await post('/register', { username: `u${i}`, password, email: 'victim@example.com' })
    t.equal(await toVictim(), 5)
    t.ok(log.some(line => line.includes('a mail was dropped')))

    for (let i = 0; i < 3; i++) {
      const { access_token } = await made.logIn(`u${i}`, password)
      const headers = bearer(access_token)
      await app.inject({ method: 'PATCH', url: '/me/account', headers, body: { email: 'victim@example.com' } })
      await app.inject({ method: 'DELETE', url: '/me/account', headers })
    }
    t.equal(await toVictim(), 0)

    const user = { userId: 'id-victim', username: 'victim', role: 'user', passwordHash: null }
    await app.stores.users.create({ ...user, email: 'victim@example.com' })
    await post('/password/forgot', { username: 'victim' })
    t.equal(await toVictim(), 1, 'its owner is helped all the same')
    await later(3599)
    await post('/register', { username: 'eva', password, email: 'victim@example.com' })
    t.equal(await toVictim(), 0, 'a second before the hour is over')
    await later(1)
    await post('/register', { username: 'ana', password, email: 'victim@example.com' })
    t.equal(await toVictim(), 1)
    t.notMatch(log.filter(line => line.includes('dropped')).join(''), 'victim@')
  },
)

t.test('nor by many accounts that ask to move to it, nor by registering with it alone', async t => {
  const { app, deliver, post } = await mailApp(t)
  for (let i = 0; i < 7; i++) {
    const user = { userId: `id-${i}`, username: `u${i}`, email: null, role: 'user', passwordHash: null }
    await app.stores.users.create(user)
    await app.addressProof.change(await sessionOf(app, user.userId), 'victim@example.com', client)
  }
  t.equal((await deliver()).length, 5)
  let sent = 0
  for (let i = 0; i < 7; i++) {
    await post('/register', { email: 'other@example.com', password: 'a long sentence of mine' })
    sent += (await deliver()).length
  }
  t.equal(sent, 5)
})
