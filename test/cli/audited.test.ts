/** Whatever a command changes is a line of `--verbose`, which says who did it. */
import { join } from 'node:path'
import t from 'tap'
import type { AuditEvent } from '../../src/base/audit.ts'
import { testApp } from '../helpers/app.ts'
import { enrolled } from '../helpers/authenticator.ts'
import { cli } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

t.test('every command that changes something says so, and that it was the command line', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const secret = newSecret()
  const service = await testApp(t, { sqlitePath, algorithm: 'ES256', secrets: [secret], secondFactor: 'optional' })
  const env = {
    DATABASE_URL: `sqlite:${sqlitePath}`,
    JWT_SECRET_KEY: secret,
    JWT_ALGORITHM: 'ES256',
    SMTP_URL: 'smtp://127.0.0.1',
  }
  await enrolled(service)
  await enrolled(service, 'thirdy')
  const acts: [words: string, event: AuditEvent['event']][] = [
    ['users add eve --password-stdin', 'user.created'],
    ['users invite ida --email ida@example.com', 'user.created'],
    ['users set eve --disable', 'user.changed'],
    ['users unlock eve', 'user.unlocked'],
    ['users delete eve --yes', 'user.deleted'],
    ['users factors maria --remove --yes', 'factor.removed'],
    ['users factors --remove-all --yes', 'factor.removed'],
    ['sessions end SID', 'session.ended'],
    ['sessions end --user user-2', 'logout.all'],
    ['keys stage', 'key.staged'],
    ['keys rotate --emergency --yes', 'key.replaced'],
    ['keys rotate', 'key.staged'],
  ]
  for (const [words, event] of acts) {
    const args = words.split(' ')
    if (args.includes('SID')) args[args.indexOf('SID')] = String(claimsOf((await service.logIn()).access_token)['sid'])
    const { code, stderr } = await cli(['--verbose', ...args], env, 'an unlikely sentence 7')
    t.equal(code, 0, `${words}: ${stderr}`)
    const lines = stderr.split('\n').filter(line => line.startsWith('{'))
    const audits = lines.map(
      line => JSON.parse(line) as { level: number; time: number; msg: string; audit: AuditEvent },
    )
    t.match(audits, [{ level: 30, msg: event, audit: { event, by: 'command line' } }], words)
    t.equal(audits.length, 1, words)
    const age = Date.now() - (audits[0]?.time ?? 0)
    t.ok(age >= 0 && age < 60_000, `${words}: in milliseconds, as in the log of the service`)
  }
  const imported = await cli(['--verbose', 'users', 'import', '-'], env, '{"username":"uma"}\n')
  t.match(imported, { code: 0, stderr: /"event":"users.imported","count":1/ })
  for (const words of ['users list', 'sessions list', 'keys status', 'mail status', 'users factors maria']) {
    t.notMatch((await cli(['--verbose', ...words.split(' ')], env)).stderr, /^\{/m, words)
  }
})
