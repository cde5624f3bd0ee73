/**
 * Measured, whatever hashes are stored: the work of a failure for a known name and for one that nobody has. Processor time,
 * of what a hashing thread does, so that other load does not count much. Judged is the area under the curve (0.5 when nobody
 * can tell, 1 when everybody can): roughly here, and with LONG=1 for real.
 */
import { argon2Sync } from 'node:crypto'
import bcrypt from 'bcryptjs'
import t from 'tap'
import type { HashTarget } from '../../src/passwords/hash-cost.ts'
import work from '../../src/passwords/hash-worker.ts'
import { createStandIns } from '../../src/passwords/stand-ins.ts'
import { formatArgon2id } from '../../src/passwords/stored-hash.ts'
import { isLong } from '../helpers/long.ts'
import { measuredAgain } from '../helpers/measured-again.ts'
import { processorTimeOf } from '../helpers/processor-time.ts'

const inFull = isLong
const rounds = inFull ? 600 : 20

const ofBcrypt = (cost: number) => bcrypt.hashSync('demo123', cost)

function ofArgon2id(memoryKib: number, passes: number): string {
  const salt = Buffer.alloc(16, 7)
  const shape = { message: 'demo123', nonce: salt, parallelism: 1, tagLength: 32, memory: memoryKib, passes }
  return formatArgon2id({ memoryKib, passes, parallelism: 1, salt, tag: argon2Sync('argon2id', shape) })
}

const populations: Record<string, { target: HashTarget; hashes: string[] }> = {
  'bcrypt hashes under PASSWORD_HASH=argon2id': {
    target: { scheme: 'argon2id', bcryptCost: 12 },
    hashes: [ofBcrypt(8), ofBcrypt(8), ofArgon2id(19_456, 2)],
  },
  'hashes of a higher bcrypt cost': {
    target: { scheme: 'bcrypt', bcryptCost: 6 },
    hashes: [ofBcrypt(6), ofBcrypt(6), ofBcrypt(9)],
  },
  'a higher cost, a lower one and argon2id beside each other': {
    target: { scheme: 'bcrypt', bcryptCost: 7 },
    hashes: [ofBcrypt(5), ofBcrypt(7), ofBcrypt(9), ofArgon2id(8192, 1)],
  },
  'cheaper argon2id hashes': {
    target: { scheme: 'argon2id', bcryptCost: 12 },
    hashes: [ofArgon2id(19_456, 2), ofArgon2id(4096, 3), ofArgon2id(9728, 1)],
  },
}

for (const [what, { target, hashes }] of Object.entries(populations)) {
  t.test(
    `the work of a failure does not tell known names from unknown ones: ${what}`,
    { timeout: 600_000 },
    async t => {
      const standIns = createStandIns({
        users: { sampleHashes: async () => hashes.map(passwordHash => ({ passwordHash, foreignHash: false })) },
        hasher: { target, refusalOf: () => undefined },
        salt: Buffer.alloc(32, 1),
        clock: () => 0,
      })
      await standIns.refresh()
      const fail = (hash: string | null, isStandIn: boolean) =>
        processorTimeOf(() => work({ act: 'verify', password: 'wrong', hash, foreign: false, isStandIn, target }))
      const known = (i: number) => fail(hashes[i % hashes.length] ?? null, false)
      const unknown = (i: number) => fail(standIns.for(`nobody-${i}`)?.passwordHash ?? null, true)
      for (let i = 0; i < 4; i++) [known(i), unknown(i)] // compiles

      const times = { known: [] as number[], unknown: [] as number[] }
      for (let i = 0; i < rounds; i++) {
        times.known.push(known(i))
        times.unknown.push(unknown(i))
      }

      const auc = areaUnderCurve(times.known, times.unknown)
      t.comment(
        `${rounds} each: AUC ${auc.toFixed(3)}, means ${(mean(times.known) / mean(times.unknown)).toFixed(3)} to 1`,
      )
      // Four standard deviations of an AUC over so many, beside what a topped-up hash differs by.
      const most = 0.03 + 4 * Math.sqrt(1 / (6 * rounds))
      t.ok(Math.abs(auc - 0.5) < most, `AUC ${auc.toFixed(3)}`)
    },
  )
}

t.test('a failure beside a cheaper hash, of any scheme, costs as much as a new one', async t => {
  for (const [target, stored, own] of [
    [{ scheme: 'argon2id', bcryptCost: 12 }, ofArgon2id(4096, 3), ofArgon2id(19_456, 2)],
    [{ scheme: 'argon2id', bcryptCost: 12 }, ofArgon2id(16, 1), ofArgon2id(19_456, 2)],
    [{ scheme: 'argon2id', bcryptCost: 12 }, ofBcrypt(4), ofArgon2id(19_456, 2)],
    [{ scheme: 'bcrypt', bcryptCost: 9 }, ofBcrypt(6), ofBcrypt(9)],
    [{ scheme: 'bcrypt', bcryptCost: 9 }, ofArgon2id(16, 1), ofBcrypt(9)],
  ] as const) {
    const time = (hash: string) =>
      processorTimeOf(() => work({ act: 'verify', password: 'wrong', hash, foreign: false, target }))
    const measure = async () => {
      const times = Array.from({ length: inFull ? 25 : 5 }, () => [time(stored), time(own)] as const)
      const [topped, whole] = [0, 1].map(i => median(times.map(pair => pair[i] ?? 0))) as [number, number]
      return { topped, whole }
    }
    const isAlike = ({ topped, whole }: { topped: number; whole: number }) =>
      topped > whole * 0.8 && topped < whole * 1.25
    const seen = await measuredAgain(measure, isAlike)
    t.ok(isAlike(seen), `${seen.topped.toFixed(1)} ms beside ${seen.whole.toFixed(1)} ms`)
  }
})

/** How often one of the first takes longer than one of the second: 0.5 when nobody can tell (Mann-Whitney). */
function areaUnderCurve(first: number[], second: number[]): number {
  let wins = 0
  for (const a of first) for (const b of second) wins += a > b ? 1 : a === b ? 0.5 : 0
  return wins / (first.length * second.length)
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
