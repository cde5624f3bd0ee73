/** Passwords: hashed off the event loop, in a bounded queue, with the same work for every failure. */
import bcrypt from 'bcryptjs'
import t, { type Test } from 'tap'
import work from '../../src/passwords/hash-worker.ts'
import { argon2id } from '../../src/passwords/matches-hash.ts'
import { createPasswordHasher, type PasswordHasherOptions } from '../../src/passwords/password-hash.ts'
import { type Argon2idHash, argon2idParameters, formatArgon2id } from '../../src/passwords/stored-hash.ts'
import { measuredAgain } from '../helpers/measured-again.ts'
import { processorTimeOf } from '../helpers/processor-time.ts'

function hasher(t: Test, options: Partial<PasswordHasherOptions> = {}) {
  const made = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 2, queue: undefined, ...options })
  t.teardown(() => made.close())
  return made
}

t.test('a password matches its own hash and no other', async t => {
  const { hash, verify } = hasher(t)
  const stored = await hash('correct horse')
  t.match(stored, /^\$2[ab]\$04\$/)
  t.equal(await verify('correct horse', stored), 'right')
  t.equal(await verify('correct horsE', stored), 'wrong')
  t.equal(await verify('', stored), 'wrong')
})

t.test('imported hashes of every bcrypt spelling match', async t => {
  const { verify } = hasher(t)
  const [, , rest = ''] = bcrypt.hashSync('demo123', 4).split(/\$(2[ab])\$/)
  for (const version of ['2a', '2b', '2y']) t.equal(await verify('demo123', `$${version}$${rest}`), 'right')
})

t.test('composed and decomposed typing are the same password, compatibility forms are not', async t => {
  const { hash, verify } = hasher(t)
  t.equal(await verify('cafe\u0301', await hash('caf\u00e9')), 'right')
  t.equal(await verify('fi', await hash('\ufb01')), 'wrong')
})

t.test('an argon2id hash of less memory, fewer passes or other lanes than a new one is outdated', async t => {
  const target = { scheme: 'argon2id', bcryptCost: 4 } as const
  const verdictOf = (shape: Omit<Argon2idHash, 'scheme' | 'salt' | 'tag'>) => {
    const salt = Buffer.alloc(16, 7)
    const hash = formatArgon2id({ ...shape, salt, tag: argon2id('demo123', { ...shape, salt }, 32) })
    return work({ act: 'verify', password: 'demo123', hash, foreign: false, target }).verdict
  }
  t.equal(verdictOf(argon2idParameters), 'right')
  for (const other of [{ memoryKib: 9728 }, { passes: 1 }, { parallelism: 2 }])
    t.equal(verdictOf({ ...argon2idParameters, ...other }), 'outdated', JSON.stringify(other))
})

t.test('72 bytes are read in full, and one more never matches them', async t => {
  const { verify } = hasher(t)
  const longest = '\u{1F600}'.repeat(18)
  const stored = bcrypt.hashSync(longest, 4)
  t.equal(await verify(longest, stored), 'right')
  t.equal(await verify(`${longest}x`, stored), 'wrong')
})

t.test('a password with NUL or half a character never matches, where bcrypt alone would let it', async t => {
  const { verify } = hasher(t)
  const stored = bcrypt.hashSync('abc', 4)
  t.equal(bcrypt.compareSync('abc\0abc', stored), true, 'this is what it guards against')
  t.equal(await verify('abc\0abc', stored), 'wrong')
  t.equal(await verify('\ud800abc', bcrypt.hashSync('\ufffdabc', 4)), 'wrong')
})

t.test('no user, no hash, a broken hash and an impossible password are wrong after one hash', async t => {
  const target = { scheme: 'bcrypt', bcryptCost: 8 } as const
  const stored = bcrypt.hashSync('demo123', 8)
  const time = (password: string, hash: string | null) =>
    processorTimeOf(() => t.equal(work({ act: 'verify', password, hash, foreign: false, target }).verdict, 'wrong'))
  time('wrong', stored) // compiles
  for (const [password, against] of [
    ['demo123', null],
    ['demo123', 'not a hash'],
    ['demo123', stored.slice(0, -1)],
    ['x'.repeat(73), stored],
    ['a\0', stored],
  ] as const) {
    const beside = async () => ({ taken: time(password, against), wrong: time('wrong', stored) })
    const isAlike = ({ taken, wrong }: { taken: number; wrong: number }) => taken > wrong / 2 && taken < wrong * 2
    const seen = await measuredAgain(beside, isAlike)
    t.ok(isAlike(seen), `${seen.taken.toFixed(1)} ms beside ${seen.wrong.toFixed(1)} ms`)
  }
})

t.test('a full queue is refused at once, and what was queued is done', async t => {
  const { hash, verify } = hasher(t, { bcryptCost: 10, threads: 1, queue: 2 })
  const stored = await hash('demo123')

  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => verify('demo123', stored)))

  const done = outcomes.filter(one => one.status === 'fulfilled')
  const refused = outcomes.filter(one => one.status === 'rejected')
  t.equal(done.length, 3, 'one in work, two waiting')
  for (const { reason } of refused) t.match(reason, { code: 'overloaded', status: 503, retryAfterSeconds: Number })
  t.equal(await verify('demo123', stored), 'right', 'and there is room again')
})

t.test('by default two seconds of work may wait, at least 8', async t => {
  const { verify, load } = hasher(t, { bcryptCost: 14, threads: 1 })
  let refused = 0
  for (let i = 0; i < 20; i++) verify('demo123', undefined).catch(() => refused++)
  await new Promise(setImmediate)
  t.match([load().working, load().waiting, refused], [1, 8, 11], 'of a work that takes two seconds')
  t.equal(hasher(t, { bcryptCost: 10, threads: 2 }).load().limit, 40, 'of a tenth of a second, by two')
})
