/**
 * While other hashes than new ones are stored, unknown names cost what known ones cost: each always the same class, as
 * many of each as there are users, and only ever from slow to fast. Classes are counted here; timing.test.ts measures.
 */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { classAt, classesOf } from '../../src/passwords/stand-ins.ts'
import { costClassOf, formatArgon2id, parseStoredHash } from '../../src/passwords/stored-hash.ts'
import type { NewUser } from '../../src/stores/stores.ts'
import { testApp } from '../helpers/app.ts'
import { practiceUsers } from '../helpers/practice-users.ts'

const bcrypt = (cost: number) => `$2b$${String(cost).padStart(2, '0')}$${'a'.repeat(53)}`
const foreign = (passwordHash: string) => ({ passwordHash, foreignHash: true })
const argon2id = (memoryKib: number, passes = 1) =>
  formatArgon2id({ memoryKib, passes, parallelism: 1, salt: randomBytes(16), tag: randomBytes(32) })

/** The parameters of a hash; what costs a new one is `new`. */
function classOf(hash: string | null | undefined): string {
  const stored = parseStoredHash(hash ?? '')
  if (!stored) return 'new'
  return stored.scheme === 'argon2id' ? `argon2id ${stored.memoryKib}` : costClassOf(stored)
}

const standInFor = (app: FastifyInstance, account: string) => classOf(app.standIns.for(account)?.passwordHash)

/** An app whose hasher notes what it was asked to compare with. */
async function watchedApp(t: Test, hashes: readonly (string | null)[]) {
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 2, queue: 100 })
  t.teardown(() => hasher.close())
  const computed: string[] = []
  const watched: typeof hasher = {
    ...hasher,
    verify(password, hash, how, asker) {
      computed.push(classOf(hash))
      return hasher.verify(password, hash, how, asker)
    },
  }
  const made = await testApp(t, { hasher: watched, loginFreeFailures: 0 })
  const users = hashes.map(
    (passwordHash, i): NewUser => ({
      userId: `id-${i}`,
      username: `user${i}`,
      email: `user${i}@example.com`,
      role: 'user',
      passwordHash,
    }),
  )
  await made.app.stores.users.importMissing(users)
  made.clock.advance(3600)
  await made.app.standIns.refresh()
  const computedFor = async (username: string) => {
    await made.app.inject({ method: 'POST', url: '/login', body: { username, password: 'wrong' } })
    return computed.at(-1)
  }
  return { ...made, computedFor }
}

const names = Array.from({ length: 4000 }, (_, i) => `nobody-${i}`)

function sharesOf(classes: readonly string[]): Record<string, number> {
  const shares: Record<string, number> = {}
  for (const one of classes) shares[one] = (shares[one] ?? 0) + 1 / classes.length
  return shares
}

const mixture = Array.from(
  { length: 500 },
  (_, i) => [bcrypt(6), bcrypt(6), argon2id(64), bcrypt(4), bcrypt(4)][i % 5] ?? null,
)

t.test('unknown names cost what known ones cost, as many of each', async t => {
  const { app, computedFor } = await watchedApp(t, mixture)
  const unknown = sharesOf(names.map(name => standInFor(app, name)))
  for (const [what, share] of [
    ['bcrypt 6', 0.4],
    ['argon2id 64', 0.2],
    ['new', 0.4],
  ] as const) {
    // biome-ignore format: a table
    // Two of the 502 are the practice users; four standard deviations of 4,000 draws are 0.03.
    t.ok(Math.abs((unknown[what] ?? 0) - share) < 0.035, `${what}: ${unknown[what]} beside ${share}`)
  }
  for (const [i, expected] of ['bcrypt 6', 'bcrypt 6', 'argon2id 64', 'bcrypt 4'].entries())
    t.equal(await computedFor(`user${i}`), expected, 'a known one is compared with its own')
  for (const name of names.slice(0, 20))
    t.equal(await computedFor(name), standInFor(app, name), 'and an unknown one with its stand-in')
})

t.test('a name has one cost, however it is spelled and as often as it is asked', async t => {
  const { computedFor, app } = await watchedApp(t, mixture)
  const slow = names.find(name => standInFor(app, name) === 'bcrypt 6') ?? ''
  for (const spelling of [slow, slow, slow.toUpperCase(), ` ${slow}`.trim()])
    t.equal(await computedFor(spelling), 'bcrypt 6', spelling)
})

t.test('which names are slow is told by no other database: each has its own', async t => {
  const [here, there] = [await watchedApp(t, mixture), await watchedApp(t, mixture)]
  const slowIn = ({ app }: typeof here) => names.filter(name => standInFor(app, name) !== 'new')
  const elsewhere = new Set(slowIn(there))
  const common = slowIn(here).filter(name => elsewhere.has(name)).length / names.length
  t.ok(Math.abs(common - 0.36) < 0.04, `of 60 % here 60 % are slow there, too: ${common}`)
})

t.test('a user without a password costs what an unknown name does', async t => {
  const { computedFor, app } = await watchedApp(t, [...mixture, ...Array<null>(20).fill(null)])
  for (let i = 500; i < 520; i++) t.equal(await computedFor(`user${i}`), standInFor(app, `user${i}`))
})

t.test(
  'a user whose hash takes more memory than there is costs what an unknown name does, and cannot log in',
  async t => {
    const { computedFor, app } = await watchedApp(t, [
      ...mixture,
      'not a hash',
      '$argon2id$v=19$m=999999,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAA',
    ])
    for (const name of ['user500', 'user501']) t.equal(await computedFor(name), standInFor(app, name))
  },
)

t.test('as users log in, unknown names turn from slow to fast and never back', async t => {
  const { app, clock } = await watchedApp(t, mixture)
  const slowness = ['new', 'argon2id 64', 'bcrypt 6'] // of one that failed: what is not of the scheme costs a new one on top
  const now = () => names.map(name => slowness.indexOf(standInFor(app, name)))
  let before = now()
  t.ok(before.includes(1) && before.includes(2) && !before.includes(-1))
  for (let from = 0; from < 500; from += 100) {
    for (let i = from; i < from + 100; i++) await app.stores.users.rehash(`id-${i}`, mixture[i] ?? '', bcrypt(4))
    clock.advance(3600)
    await app.standIns.refresh()
    const after = now()
    t.equal(after.filter((slow, i) => slow > (before[i] ?? 0)).length, 0, 'none became slower')
    before = after
  }
  t.ok(
    before.every(slow => slow === 0),
    'and in the end all are fast',
  )
})

t.test('the stored hashes are looked at before the first login', async t => {
  const { app } = await testApp(t, { seedUsersFile: practiceUsers(6) })
  t.equal(standInFor(app, 'nobody'), 'bcrypt 6')
})

t.test('the stored hashes are looked at once an hour, also when the clock goes back', async t => {
  const { app, clock } = await watchedApp(t, [])
  const isSlow = () => app.standIns.for('nobody') !== undefined
  await app.stores.users.update('user-1', { passwordHash: bcrypt(6) })
  await app.stores.users.update('user-2', { passwordHash: bcrypt(6) })
  clock.advance(3599)
  await app.standIns.refresh()
  t.equal(isSlow(), false)
  clock.advance(1)
  await app.standIns.refresh()
  t.equal(isSlow(), true)
  await app.stores.users.update('user-1', { passwordHash: bcrypt(4) })
  await app.stores.users.update('user-2', { passwordHash: bcrypt(4) })
  clock.advance(-7200)
  await app.standIns.refresh()
  t.equal(isSlow(), false)
})

t.test('what is as dear as a new hash, or can be topped up to just that, is no class of its own', async t => {
  t.strictSame(classesOf([bcrypt(4), bcrypt(10), bcrypt(12)].map(foreign), { scheme: 'bcrypt', bcryptCost: 12 }), [])
  t.strictSame(classesOf([argon2id(19_456, 2)].map(foreign), { scheme: 'argon2id', bcryptCost: 12 }), [])
  t.strictSame(classesOf([], { scheme: 'bcrypt', bcryptCost: 12 }), [])
  t.strictSame(classesOf(['', 'not a hash'].map(foreign), { scheme: 'bcrypt', bcryptCost: 12 }), [])
  const [only] = classesOf([foreign(bcrypt(14))], { scheme: 'bcrypt', bcryptCost: 12 })
  t.equal(classAt(only ? [only] : [], 0.999_999), only, 'where all are slow, every name is')
  for (const lacking of [argon2id(9728, 2), argon2id(19_456, 1)])
    t.equal(classesOf([foreign(lacking)], { scheme: 'argon2id', bcryptCost: 12 }).length, 1, 'of which this is neither')
})

t.test('ours and those of other makers are apart: they may be compared with more forms of a password', async t => {
  const sample = [{ passwordHash: bcrypt(13), foreignHash: false }, foreign(bcrypt(13)), foreign(bcrypt(13))]
  const classes = classesOf(sample, { scheme: 'bcrypt', bcryptCost: 12 })
  t.strictSame(
    classes
      .map(({ example, upTo }) => [example.foreignHash, upTo])
      .map(([is]) => is)
      .sort(),
    [false, true],
  )
  t.equal(classes.at(-1)?.upTo, 1)
})

t.test('a stand-in is wrong even for the password of the one whose hash it is', async t => {
  const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 8 })
  t.teardown(() => hasher.close())
  const hash = await hasher.hash('demo123')
  t.equal(await hasher.verify('demo123', hash), 'right')
  t.equal(await hasher.verify('demo123', hash, { isStandIn: true }), 'wrong')
})

t.test('slow classes come first', async t => {
  const pbkdf2 = `$pbkdf2-sha256$${870_000}$c2FsdA$${'A'.repeat(43)}`
  const scrypt = `$scrypt$ln=16,r=8,p=1$c2FsdA$${'A'.repeat(43)}`
  const hashes = [scrypt, argon2id(65_536, 3), bcrypt(15), pbkdf2, bcrypt(4), argon2id(1024), bcrypt(13)]
  const order = classesOf(hashes.map(foreign), { scheme: 'bcrypt', bcryptCost: 12 }).map(({ example }) =>
    classOf(example.passwordHash),
  )
  t.strictSame(order, [
    'bcrypt 15',
    'bcrypt 13',
    'pbkdf2 sha256 870000 32',
    'scrypt 16 8 1',
    'argon2id 65536',
    'argon2id 1024',
  ])
})
