/** What happens by itself while the service runs, with timers that are moved by hand. */
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { SignetError } from '../../src/base/errors.ts'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { type Overrides, testApp, testConfig } from '../helpers/app.ts'
import { memoryMail } from '../helpers/mail-settings.ts'

const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 100 })

/** @returns an app whose timers run, what was asked of its stores, and a way to let seconds go by */
async function running(t: Test, overrides: Overrides = {}, background = true) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const log: { level: number; msg: string; audit?: unknown }[] = []
  const write = (line: string) => void log.push(JSON.parse(line))
  const app = await buildApp({ config: testConfig(overrides), log: { write }, hasher, background })
  t.teardown(async () => {
    await app.close()
    mock.timers.reset()
  })
  await app.ready()
  const asked: Record<string, number> = {}
  const failing = { with: undefined as Error | undefined, never: false }
  const { sessions, keys, users } = app.stores
  watch(sessions, ['revokedSince', 'deleteEnded'])
  watch(keys, ['list'])
  watch(users, ['sampleHashes'])
  watch(app.standIns, ['refresh'])
  if (app.mailer) watch(app.mailer.worker, ['poll'])

  function watch(store: object, names: string[]) {
    const methods = store as Record<string, (...args: unknown[]) => Promise<unknown>>
    for (const name of names) {
      const method = methods[name]
      methods[name] = async (...args) => {
        asked[name] = (asked[name] ?? 0) + 1
        if (failing.never) return new Promise(() => {})
        if (failing.with) throw failing.with
        return method?.(...args)
      }
    }
  }

  async function pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      mock.timers.tick(1000)
      for (let turns = 0; turns < 5; turns++) await turn()
    }
  }

  const lines = (level: number) => log.filter(line => line.level === level && !line.audit).map(line => line.msg)
  return { app, asked, failing, pass, lines }
}

t.test(
  'what others have ended, the keys and mails are asked for every second; every minute what has ended is deleted',
  async t => {
    const { asked, pass } = await running(t, { algorithm: 'ES256', mail: memoryMail })
    await pass(3)
    t.match(asked, { revokedSince: 3, list: 3, poll: 3, deleteEnded: undefined, refresh: undefined })
    await pass(118)
    t.match(asked, { revokedSince: 121, list: 121, poll: 121, deleteEnded: 2, refresh: 2 })
  },
)

t.test('nothing happens by itself where somebody else moves the clock, as in the lab', async t => {
  const { asked, pass } = await running(t, { mail: memoryMail }, false)
  await pass(61)
  t.strictSame(asked, {})
})

t.test('an outage is one line when it begins and one when it is over, and is asked through', async t => {
  const { asked, failing, pass, lines } = await running(t)
  failing.with = new SignetError('unavailable', 'the disk is away')
  await pass(5)
  t.equal(asked['revokedSince'], 5, 'every second')
  t.strictSame(lines(50), ['revocation poll failed'])
  failing.with = new SignetError('unavailable', 'something else')
  await pass(5)
  t.strictSame(lines(50), ['revocation poll failed', 'revocation poll failed'], 'another reason is news')
  failing.with = undefined
  await pass(5)
  t.strictSame(lines(30), ['revocation poll works again'])
})

t.test('a database that takes long is not asked twice at once, and a stop asks nothing more', async t => {
  const { app, asked, failing, pass } = await running(t)
  failing.never = true
  await pass(5)
  t.equal(asked['revokedSince'], 1)
  failing.never = false
  const before = { ...asked }
  await app.close()
  await pass(200)
  t.strictSame(asked, before)
})

t.test('what was asked before a stop and answered after it is not asked again', async t => {
  const { app, asked, pass } = await running(t)
  const { sessions } = app.stores
  const { revokedSince } = sessions
  const answer = Promise.withResolvers<void>()
  sessions.revokedSince = async (...page) => {
    await answer.promise
    return revokedSince(...page)
  }
  await pass(1)
  app.stores.close = async () => {}
  await app.close()
  answer.resolve()
  await pass(5)
  t.equal(asked['revokedSince'], 1)
})

t.test('a service that is about to stop is not ready, and answers requests', async t => {
  const { app, logIn, me } = await testApp(t)
  const { access_token: token } = await logIn()
  t.equal((await app.inject('/health/ready')).statusCode, 200)
  app.readiness.end()
  const answer = await app.inject('/health/ready')
  t.equal(answer.statusCode, 503)
  t.equal(answer.headers['retry-after'], '1')
  t.equal((await app.inject('/health/live')).statusCode, 200)
  t.equal((await me(token)).statusCode, 200)
})

t.test(
  'a service that has not heard for ten seconds what was ended is not ready, and is again when it has',
  async t => {
    const { app, clock } = await testApp(t)
    const ready = () => app.inject('/health/ready')
    clock.advance(9)
    t.equal((await ready()).statusCode, 200)
    clock.advance(1)
    t.match(await ready(), { statusCode: 503, headers: { 'retry-after': '1' } })
    await app.revocations.poll()
    t.equal((await ready()).statusCode, 200)
  },
)
