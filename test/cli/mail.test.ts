/** `signet mail` and `signet users invite`: the outbox from outside, and links by whoever runs the service. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cli } from '../helpers/cli.ts'
import { mailApp, memoryMail } from '../helpers/mail.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { startSmtp } from '../helpers/smtp.ts'

t.test('what waits and what was given up is listed, and tried again when somebody says so', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const smtp = await startSmtp(t)
  const { app, post, clock } = await mailApp(t, {
    sqlitePath: path,
    mail: { ...memoryMail, transport: smtp.settings },
  })
  const env = { DATABASE_URL: `sqlite:${path}` }
  const run = (...args: string[]) => cli(['mail', ...args], env)
  t.match(await run('status'), { code: 0, stdout: '', stderr: /no mail is waiting/ })

  await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  await app.users.change('user-1', { email: 'thirdy@example.com' }, { by: 'a test' })
  smtp.answers.set('maria@example.com', 550).set('thirdy@example.com', 451)
  await post('/password/forgot', { username: 'maria' })
  await post('/password/forgot', { username: 'thirdy' })
  await app.mailer?.worker.drain()

  const { stdout, stderr } = await run('status', '--json')
  const rows = stdout.trim().split('\n').map(line => JSON.parse(line)) // biome-ignore format: one line
  t.match(
    rows.toSorted((a, b) => (a.to < b.to ? -1 : 1)),
    [
      { purpose: 'reset', to: 'maria@example.com', next_try_at: null, tries: 1, failure: /^550/ },
      { purpose: 'reset', to: 'thirdy@example.com', next_try_at: /T/, tries: 1, failure: /^451/ },
    ],
  )
  t.match(stderr, /1 waiting, the oldest for \d+ seconds/)
  const refused = rows.find(({ to }) => to === 'maria@example.com')

  smtp.answers.delete('maria@example.com')
  t.match(await run('retry', refused.id, '--json'), { code: 0, stdout: '{"mails_due":1}\n' })
  t.match(await run('retry', 'x'.repeat(22)), { code: 1, stderr: /no such mail/ })
  clock.advance(300) // the command goes by the clock on the wall, however slow the machine
  await app.mailer?.worker.drain()
  t.match(smtp.received, [{ to: 'maria@example.com' }])
  smtp.answers.clear()
  t.match(await run('retry', '--json'), { code: 0, stdout: '{"mails_due":1}\n' })
  clock.advance(300)
  await app.mailer?.worker.drain()
  t.equal(smtp.received.length, 2)
  t.match(await run('status', '--json'), { stdout: '' })
  const none = { code: 0, stdout: '{"mails_due":0}\n', stderr: '' }
  t.match(await run('retry', '--json'), none, 'that nothing has failed is no failure')
})

t.test('whoever is invited chooses the password by a link, which proves the address', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const { post, logIn, tokenTo, later, deliver } = await mailApp(t, { sqlitePath: path })
  const env = { DATABASE_URL: `sqlite:${path}`, SMTP_URL: 'smtp://mail.example.com' }
  const invite = (...args: string[]) => cli(['users', 'invite', ...args], env)

  const done = await invite('ana', '--email', 'Ana@Example.com', '--role', 'admin', '--language', 'de', '--json')
  t.match(done, { code: 0 })
  t.match(JSON.parse(done.stdout), { username: 'ana', email: 'ana@example.com', role: 'admin' })
  await later(600) // by the clock on the wall it was written after this one began to stand still
  const token = await tokenTo('ana@example.com')
  const reset = { token, new_password: 'a sentence of my own' }
  t.equal((await post('/password/reset', reset)).statusCode, 204)
  await logIn('ana@example.com', 'a sentence of my own')

  t.match(await invite('ana', '--email', 'other@example.com'), { code: 1, stderr: /taken/ })
  t.match(await invite('eva', '--email', 'ana@example.com'), { code: 1, stderr: /taken/ })
  t.match(await invite('eva', '--email', '"e"@example.com'), { code: 1, stderr: /mail can be sent/ })
  t.match(await invite('eva@example.com', '--email', 'eva@example.com'), { code: 1, stderr: /@/ })
  t.match(await invite('eva'), { code: 2 })
  const file = join(await temporaryFolder(t), 'smtp-url')
  writeFileSync(file, env.SMTP_URL)
  const byFile = { DATABASE_URL: env.DATABASE_URL, SMTP_URL_FILE: file }
  t.match(await cli(['users', 'invite', 'ida', '--email', 'ida@example.com'], byFile), { code: 0 })
  const languages = [
    [['--language', 'de'], {}],
    [[], { MAIL_LANGUAGE: 'de' }],
    [['--language', 'en'], { MAIL_LANGUAGE: 'de' }],
    [['--language', 'DE'], {}],
    [[], { MAIL_LANGUAGE: 'De' }],
  ] as const
  for (const [i, [args, more]] of languages.entries()) {
    const given = ['users', 'invite', `guest-${i}`, '--email', `guest-${i}@example.com`, ...args]
    t.match(await cli(given, { ...env, ...more }), { code: 0 })
  }
  await later(600)
  const sent = new Map((await deliver()).map(({ to, language }) => [to, language]))
  t.strictSame(
    languages.map((_, i) => sent.get(`guest-${i}@example.com`)),
    ['de', 'de', 'en', 'de', 'de'],
    'in the language that is asked for, or configured, however it is written',
  )
  const off = await cli(['users', 'invite', 'eva', '--email', 'e@example.com'], { DATABASE_URL: `sqlite:${path}` })
  t.match(off, { code: 1, stderr: /neither SMTP_URL nor MAIL_WEBHOOK_URL is set/ })
})
