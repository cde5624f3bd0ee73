/** `signet users factors`: who is locked out of everything is helped, without any secret. */
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { enrolled, steps } from '../helpers/authenticator.ts'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { mailApp } from '../helpers/mail.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

async function place(test: Parameters<typeof testApp>[0]) {
  const sqlitePath = join(await temporaryFolder(test), 'signet.db')
  const service = await testApp(test, { sqlitePath, secondFactor: 'optional' })
  return { service, env: { DATABASE_URL: `sqlite:${sqlitePath}` } }
}

t.test('they are shown, and removed from a running service', async t => {
  const { service, env } = await place(t)
  const maria = await enrolled(service)
  const shown = await cli(['users', 'factors', 'maria', '--json'], env)
  t.match(JSON.parse(shown.stdout), {
    user_id: 'user-2',
    username: 'maria',
    factors: [{ kind: 'totp', name: null, last_used_at: null }],
    recovery_codes: 10,
  })
  for (const secret of [maria.secret, ...maria.recoveryCodes]) t.notOk(shown.stdout.includes(secret))
  t.match((await cli(['users', 'factors', 'maria'], env)).stdout, /^user-2\tmaria\ttotp since \S+\t10\n$/)

  const removed = await cli(['users', 'factors', 'maria', '--remove', '--yes', '--json'], env)
  t.match(removed, { code: 0, stderr: /"event":"factor.removed","sub":"user-2".+"by":"command line"/ })
  t.equal(shown.stderr, '', 'looking leaves no line')
  t.match(JSON.parse(removed.stdout), { factors: [], recovery_codes: 0 })
  t.equal((await maria.first()).statusCode, 200, 'the password is enough')
  await service.app.revocations.poll()
  t.equal((await service.me(maria.tokens.access_token)).statusCode, 401)
  t.match(await cli(['users', 'factors', 'maria', '--remove', '--yes'], env), { code: 1, stderr: /no second factor/ })
})

t.test("everybody's go at once when no secret opens them any more, and then the service starts", async t => {
  const { service, env } = await place(t)
  await enrolled(service)
  await enrolled(service, 'thirdy')
  const sqlitePath = env.DATABASE_URL.slice('sqlite:'.length)
  await t.rejects(testApp(t, { sqlitePath }), /opens the data key.+signet users factors --remove-all/)
  const all = await cli(['users', 'factors', '--remove-all', '--yes', '--json'], env)
  t.match(all, { code: 0, stdout: '{"users":2}\n', stderr: /(.+"event":"factor.removed".+\n){2}/ })
  const other = await testApp(t, { sqlitePath, secondFactor: 'optional' }, service.clock)
  await enrolled(other)
})

t.test('it is not guessed at what was meant', async t => {
  const { env } = await place(t)
  for (const args of [[], ['maria', '--remove-all', '--yes'], ['maria', '--remove'], ['--remove-all'], ['--remove']]) {
    t.match(await cli(['users', 'factors', ...args], env), { code: 2, stdout: '' }, args.join(' '))
  }
  t.match(await cli(['users', 'factors', 'nobody'], env), { code: 1, stderr: /no such user/ })
})

t.test('a secret that must go at once: signet keys seal, and the service starts without the former one', async t => {
  const { service, env } = await place(t)
  const maria = await enrolled(service)
  const [former] = service.app.config.secrets
  const secret = newSecret()
  const sqlitePath = env.DATABASE_URL.slice('sqlite:'.length)
  const sealing = { ...env, JWT_SECRET_KEY: secret }
  t.match(await cli(['keys', 'seal'], sealing), { code: 1, stderr: /opens the data key/ })
  t.match(await cli(['keys', 'seal'], { ...sealing, JWT_SECRET_KEY_FALLBACK: former }), { code: 0, stdout: '' })
  const after = await testApp(t, { sqlitePath, secrets: [secret], secondFactor: 'optional' }, service.clock)
  const { first, second } = steps(after)
  t.equal((await second((await first()).json().challenge, maria.code())).statusCode, 200)
})

t.test('where there is mail, the owner is told of what the command line took away', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const made = await mailApp(t, { sqlitePath, secondFactor: 'optional' })
  await made.app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
  const env = { DATABASE_URL: `sqlite:${sqlitePath}` }
  const remove = async (more: object) => {
    await enrolled(made)
    await made.deliver()
    t.equal((await cli(['users', 'factors', 'maria', '--remove', '--yes'], { ...env, ...more })).code, 0)
    await made.app.revocations.poll()
    return made.deliver()
  }
  const mail = { to: 'maria@example.com', purpose: 'factor_removed' }
  t.match(await remove({ SMTP_URL: 'smtp://127.0.0.1' }), [{ ...mail, language: 'en' }])
  t.match(await remove({ SMTP_URL: 'smtp://127.0.0.1', MAIL_LANGUAGE: 'DE' }), [{ ...mail, language: 'de' }])
  t.strictSame(await remove({}), [])
})

t.test('on a terminal it asks before it removes', { skip: noTerminal }, async t => {
  const { service, env } = await place(t)
  await enrolled(service)
  for (const what of [['maria', '--remove'], ['--remove-all']]) {
    const no = await cliOnTerminal(['users', 'factors', ...what], env, [['[y/N]', '\r']])
    t.equal(no.code, 1, what.join())
    t.match(no.screen, 'nothing was removed', what.join())
    t.match((await cli(['users', 'factors', 'maria'], env)).stdout, 'totp', what.join())
  }
  t.equal((await cliOnTerminal(['users', 'factors', '--remove-all'], env, [['[y/N]', 'y\r']])).code, 0)
  t.notMatch((await cli(['users', 'factors', 'maria'], env)).stdout, 'totp')
})
