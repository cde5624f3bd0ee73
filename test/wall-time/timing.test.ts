/** Time does not tell whether a name exists, whatever hash the account has. */
import bcrypt from 'bcryptjs'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { amount } from '../helpers/long.ts'
import { measuredAgain } from '../helpers/measured-again.ts'
import { areaUnderCurve, shuffled } from '../helpers/separation.ts'

/** The suite compares medians; a long run the distributions themselves, at a cost that is used for real. */
const rounds = amount('TIMING_ROUNDS', 60, 500)
const inFull = rounds >= 500

t.test('the time of a failure does not tell known names from unknown ones', { timeout: 600_000 }, async t => {
  const bcryptCost = inFull ? 10 : 7
  const { app } = await testApp(t, { bcryptCost, loginFreeFailures: 0, logLevel: 'silent' })
  // Each burnt hash costs some microseconds more than its rounds: one at cost 10 weighs twice what two at cost 12 do.
  const older = inFull ? bcryptCost - 1 : bcryptCost - 2
  for (const [id, cost] of [
    ['user-1', bcryptCost],
    ['user-2', older],
  ] as const) {
    await app.stores.users.update(id, { passwordHash: bcrypt.hashSync('demo123', cost) })
  }
  const failure = async (username: string) => {
    const startedAt = performance.now()
    const answer = await app.inject({ method: 'POST', url: '/login', body: { username, password: 'wrong' } })
    if (answer.statusCode !== 401) throw new Error(`answered ${answer.statusCode}`)
    return performance.now() - startedAt
  }
  for (let i = 0; i < 20; i++) await failure('nobody') // warm

  async function measure() {
    const times = { known: [] as number[], cheaper: [] as number[], unknown: [] as number[] }
    for (let i = 0; i < rounds; i++) {
      for (const kind of shuffled(['known', 'cheaper', 'unknown'] as const)) {
        times[kind].push(await failure({ known: 'thirdy', cheaper: 'maria', unknown: 'nobody' }[kind]))
      }
    }
    const besideUnknown = (what: string, those: number[]) => ({
      what,
      auc: areaUnderCurve(those, times.unknown),
      ratio: median(those) / median(times.unknown),
    })
    return [
      besideUnknown('a user of the configured cost', times.known),
      besideUnknown('a user with an older, cheaper hash', times.cheaper),
    ]
  }
  const isNear = ({ ratio }: { ratio: number }) => ratio > 0.93 && ratio < 1.07
  for (const one of await measuredAgain(measure, all => all.every(isNear), inFull ? 1 : 5)) {
    const { what, auc, ratio } = one
    t.comment(`${rounds} each, ${what}: AUC ${auc.toFixed(3)}, medians ${ratio.toFixed(3)} to 1`)
    t.ok(isNear(one), `${what}: median ${ratio.toFixed(3)} of that of unknown names`)
    if (inFull) t.ok(auc > 0.45 && auc < 0.55, `${what}: AUC ${auc.toFixed(3)}`)
  }
})

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}
