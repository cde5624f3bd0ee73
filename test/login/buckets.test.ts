/** What attempts are counted under: names that tell nothing, and never two accounts in one. */
import t, { type Test } from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { createLoginLimit } from '../../src/login/login-limit.ts'
import type { AttemptStore } from '../../src/stores/stores.ts'

const key = Buffer.alloc(32, 1)

/** A real store, and the names under which it is asked to count. */
async function counting(t: Test, more: Partial<AttemptStore> = {}) {
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  t.teardown(() => stores.close())
  const names: (string | null)[] = []
  const attempts: AttemptStore = {
    ...stores.attempts,
    reserve: (...given) => {
      names.push(given[0], given[1])
      return stores.attempts.reserve(...given)
    },
    reserveFor: (name, { bucket, known, device }, free) => {
      names.push(bucket, known, device?.bucket ?? null)
      return stores.attempts.reserveFor(name, { bucket, known, device }, free)
    },
    ...more,
  }
  return { attempts, names }
}

t.test('an account and an address do not run into each other, nor into a device', async t => {
  const { attempts, names } = await counting(t)
  const limit = createLoginLimit(attempts, key, 5)
  const attempt = (account: string, network: string, device?: string) =>
    limit.reserve({ account, network, device, userId: undefined })
  await attempt('ana', '11.1.1.1')
  await attempt('ana1', '1.1.1.1')
  await attempt('ana', 'device', 'x')
  const before = names.length
  await limit.reserve({ account: 'ana', network: 'device', device: undefined, userId: undefined })
  const network = names.splice(before)[1]
  await limit.reserveFor('ana', '11.1.1.1')
  await limit.reserveFor('ana', 'device', { sub: 'id', sid: 'x' })
  t.strictSame(names.splice(before), [names[0], names[1], null, names[0], network, names[4]], 'the same by name')
  await attempt('anadevice', 'x')
  const given = names.filter(name => name !== null)
  t.equal(new Set(given).size, given.length)
  for (const name of given) t.match(name, /^[\w-]{43}$/)
})

t.test('without the key nobody can try names against the log or the table', async t => {
  const { attempts } = await counting(t)
  const [one, other] = [key, Buffer.alloc(32, 2)].map(secret => createLoginLimit(attempts, secret, 5).nameless('ana'))
  t.match(one, /^[\w-]{16}$/)
  t.not(one, other)
})

t.test('0 is no limit at all: nothing is counted', async t => {
  const { attempts, names } = await counting(t)
  const limit = createLoginLimit(attempts, key, 0)
  const whom = { account: 'ana', network: '192.0.2.1', device: undefined, userId: undefined }
  const wrong = () => Promise.reject(new SignetError('invalid_credentials', 'wrong'))
  for (let i = 0; i < 20; i++)
    await t.rejects(limit.guard(await limit.reserve(whom), whom, wrong), { code: 'invalid_credentials' })
  t.strictSame(names, [])
})

t.test('the right password is no failure, although the database did not take that it was right', async t => {
  const { attempts } = await counting(t)
  const succeed = () => Promise.reject(new SignetError('unavailable', 'the database is away'))
  const limit = createLoginLimit({ ...attempts, succeed }, key, 2)
  const whom = { account: 'ana', network: '192.0.2.1', device: undefined, userId: undefined }
  for (let i = 0; i < 3; i++)
    await t.rejects(
      limit.guard(await limit.reserve(whom), whom, async () => 'right'),
      { code: 'unavailable' },
    )
  t.match(await limit.reserve(whom), { allowed: true, failures: 1 })
})

t.test('a booking that cannot be taken back does not hide why there was nothing to book', async t => {
  const { attempts } = await counting(t, { release: () => Promise.reject(new Error('the database is away')) })
  const limit = createLoginLimit(attempts, key, 5)
  const whom = { account: 'ana', network: '192.0.2.1', device: undefined, userId: undefined }
  const busy = () => Promise.reject(new SignetError('overloaded', 'the hash queue is full'))
  await t.rejects(limit.guard(await limit.reserve(whom), whom, busy), { code: 'overloaded' })
})
