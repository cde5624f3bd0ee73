/** What a login costs and does beside its answer: one hash for every failure, and what a right password lets us mend. */
import bcrypt from 'bcryptjs'
import t from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { testApp } from '../helpers/app.ts'

const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 100 })
t.teardown(() => hasher.close())

t.test(
  'every failure costs one hash, whoever is asked for: unknown, disabled, without a password, or known',
  async t => {
    const { app } = await testApp(t, { hasher, loginFreeFailures: 0 })
    await app.stores.users.create({ userId: 'n', username: 'nopass', email: null, role: 'user', passwordHash: null })
    await app.stores.users.update('user-2', { disabled: true })
    const broken = { userId: 'b', username: 'broken', email: null, role: 'user', passwordHash: 'no hash at all' }
    await app.stores.users.create(broken)
    for (const username of ['thirdy', 'maria', 'nopass', 'broken', 'nobody', 'x'.repeat(5000)]) {
      for (const password of ['wrong', 'demo123 ', 'p'.repeat(200)]) {
        const before = hasher.load().hashes
        const answer = await app.inject({ method: 'POST', url: '/login', body: { username, password } })
        t.equal(answer.statusCode, 401)
        t.equal(hasher.load().hashes - before, 1, username.slice(0, 10))
      }
    }
    const before = hasher.load().hashes
    const disabled = await app.inject({
      method: 'POST',
      url: '/login',
      body: { username: 'maria', password: 'demo123' },
    })
    t.equal(disabled.statusCode, 401, 'the right password of a disabled user')
    t.equal(hasher.load().hashes - before, 1)
  },
)

t.test('a user who changes while the hash is computed gets the words of a wrong password, and no session', async t => {
  const { app, log } = await testApp(t, { hasher })
  app.stores.sessions.create = async () => undefined
  const answer = await app.inject({ method: 'POST', url: '/login', body: { username: 'maria', password: 'demo123' } })
  t.equal(answer.statusCode, 401)
  t.match(answer.json(), { code: 'invalid_credentials' })
  t.notOk(log.some(line => line.includes('"event":"login"')))
})

t.test(
  'no time for a better hash is no reason to refuse a right password, and a hash not replaced is not told',
  async t => {
    const overloaded = new SignetError('overloaded', 'the hash queue is full', { retryAfterSeconds: 1 })
    const isFull = { ...hasher, hash: () => Promise.reject(overloaded) }
    const outdated = bcrypt.hashSync('demo123', 5)
    const full = await testApp(t, { hasher: isFull })
    await full.app.stores.users.update('user-2', { passwordHash: outdated })
    await full.logIn('maria')
    t.match(await full.app.stores.users.findById('user-2'), { passwordHash: outdated }, 'the next login does it')

    const late = await testApp(t, { hasher })
    await late.app.stores.users.update('user-2', { passwordHash: outdated })
    late.app.stores.users.rehash = async () => false
    await late.logIn('maria')
    t.notOk(late.log.some(line => line.includes('password.rehashed')))
  },
)
