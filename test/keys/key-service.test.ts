/** What `signet keys` does to the ring, judged by a clock that is moved. */
import t, { type Test } from 'tap'
import type { AuditEvent } from '../../src/base/audit.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import type { Algorithm } from '../../src/jws/jws.ts'
import { createKeyService } from '../../src/keys/key-service.ts'
import { movableClock } from '../helpers/clock.ts'
import { newSecret } from '../helpers/tokens.ts'

const accessTokenSeconds = 900
const by = 'command line'

async function ring(t: Test) {
  const clock = movableClock()
  const { keys: store, salt, close } = await openSqliteStores(':memory:', clock)
  t.teardown(close)
  const events: AuditEvent[] = []
  const secret = newSecret()
  const service = (algorithm: Algorithm = 'ES256', secrets: [string, ...string[]] = [secret], rotationDays = 90) =>
    createKeyService({
      secrets,
      salt,
      algorithm,
      store,
      settings: { rotationDays, accessTokenSeconds },
      audit: event => void events.push(event),
      by,
    })
  const { key: first } = await service().replace()
  events.length = 0
  return { clock, store, service, secret, events, first }
}

t.test('a staged key signs 360 seconds later, not before, and the former one retires', async t => {
  const { clock, service, events, first } = await ring(t)
  t.match(await service().status(), [
    { configured: true, change: { what: 'successor staged', at: clock() + 90 * 86_400 } },
  ])
  t.match(await service('ES256', undefined, 0).status(), [{ configured: true, change: undefined }])

  const staged = await service().stage()
  const at = clock() + 360
  t.match(staged, { state: 'next', changesAt: at })
  const changes = new Map((await service().status()).map(({ key, change }) => [key.kid, change]))
  t.strictSame(changes.get(staged.kid), { what: 'signs', at })
  t.strictSame(changes.get(first.kid), { what: 'retires', at })
  clock.advance(359)
  await t.rejects(service().rotate(), new RegExp(`too early.+${staged.kid}.+${new Date(at * 1000).toISOString()}`))
  await t.rejects(service().stage(), /staged key already/)
  t.equal(events.length, 1)

  clock.advance(1)
  t.match(await service().rotate(), { kid: staged.kid, state: 'current' })
  t.strictSame(events, [
    { event: 'key.staged', kid: staged.kid, by },
    { event: 'key.activated', kid: staged.kid, by },
  ])
  t.match(
    (await service().status()).find(({ key }) => key.kid === first.kid),
    { key: { state: 'retired', privateKey: null }, change: { what: 'goes', at: clock() + accessTokenSeconds + 60 } },
  )
  t.match(await service().rotate(), { state: 'next' }, 'and then again from the beginning')
})

t.test(
  'who cannot read the ring adds nothing to it, for that would stop the service; a fallback is enough',
  async t => {
    const { service, secret, events } = await ring(t)
    const other = newSecret()
    for (const act of ['stage', 'rotate'] as const) {
      await t.rejects(service('ES256', [other])[act](), /rotate --emergency/)
    }
    t.equal((await service().status()).length, 1)
    t.match(await service('ES256', [other, secret]).stage(), { state: 'next' })
    t.match(await service('ES256', [newSecret()]).replace(), { wasReadable: false, key: { state: 'current' } })
    t.equal((await service().status()).length, 1)
    t.equal(events.at(-1)?.event, 'key.replaced')
  },
)

t.test('keys of another algorithm are shown and left alone', async t => {
  const { clock, store, service, first } = await ring(t)
  t.match(await service('EdDSA').status(), [{ key: { kid: first.kid }, configured: false, change: undefined }])
  await t.rejects(service('EdDSA').rotate(), /no key for EdDSA yet/)
  t.match(await service('EdDSA', [newSecret()]).replace(), { wasReadable: true }, 'nobody has to read theirs')
  t.match(await service('EdDSA').replace(), { wasReadable: false }, 'but their own')
  t.equal((await store.list()).keys.length, 2)
  await service('EdDSA').stage()
  const own = (await service().status()).find(({ key }) => key.kid === first.kid)
  t.match(own, { change: { what: 'successor staged' } }, 'which theirs is not')
  clock.advance(360)
  const staged = await service().rotate()
  t.match(staged, { alg: 'ES256', state: 'next' }, 'nor does it sign for us, or keep ours from being staged')
})

t.test('two who stage at once stage one, and two who rotate at once both see it sign', async t => {
  const { clock, store, service, events } = await ring(t)
  const staged = await Promise.allSettled([service().stage(), service().stage()])
  t.strictSame(staged.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.equal(events.filter(({ event }) => event === 'key.staged').length, 1, 'and one is audited')
  clock.advance(360)
  const next = (await store.list()).keys.find(({ state }) => state === 'next')
  t.match(await Promise.all([service().rotate(), service().rotate()]), [{ kid: next?.kid }, { kid: next?.kid }])
  t.equal(events.filter(({ event }) => event === 'key.activated').length, 1)
})

t.test('under HS256 there is no ring', async t => {
  const { service, store } = await ring(t)
  const { stage, rotate, replace } = service('HS256')
  for (const act of [stage, rotate, replace]) await t.rejects(async () => void (await act()), /JWT_ALGORITHM=HS256/)
  t.equal((await store.list()).keys.length, 1, 'nothing was made')
})
