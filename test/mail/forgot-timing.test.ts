/** Time does not tell whether a forgotten name is known, proven or enabled: who is meant is looked up later. */
import t from 'tap'
import { amount } from '../helpers/long.ts'
import { mailApp } from '../helpers/mail.ts'
import { measuredAgain } from '../helpers/measured-again.ts'
import { areaUnderCurve, shuffled } from '../helpers/separation.ts'

const rounds = amount('FORGOT_ROUNDS', 200, 2000)
const tolerance = rounds >= 2000 ? 0.05 : 0.1
const kinds = ['known', 'unverified', 'disabled', 'unknown'] as const
const most = 3

t.test('known, unverified, disabled and unknown names take the same time', { timeout: 600_000 }, async t => {
  const { app } = await mailApp(t, { logLevel: 'silent' })
  const nameOf = (kind: string, round: number) => `${kind}-${round}`
  for (const kind of kinds.slice(0, 3)) {
    const users = Array.from({ length: rounds * most }, (_, round) => ({
      userId: `id-${nameOf(kind, round)}`,
      username: nameOf(kind, round),
      email: `${nameOf(kind, round)}@example.com`,
      emailVerified: kind !== 'unverified',
      disabled: kind === 'disabled',
      role: 'user',
      passwordHash: null,
    }))
    await app.stores.users.importMissing(users)
  }
  const ask = async (username: string) => {
    const startedAt = performance.now()
    const answer = await app.inject({ method: 'POST', url: '/password/forgot', body: { username } })
    if (answer.statusCode !== 202) throw new Error(`answered ${answer.statusCode}`)
    return performance.now() - startedAt
  }
  for (let i = 0; i < 100; i++) await ask(`warm-${i}`)

  let next = 0
  async function measure() {
    const times: Record<string, number[]> = { known: [], unverified: [], disabled: [], unknown: [] }
    for (const end = next + rounds; next < end; next++) {
      for (const kind of shuffled(kinds)) times[kind]?.push(await ask(nameOf(kind, next)))
      if (next % 20 === 0) await app.mailer?.worker.drain()
    }
    await app.mailer?.worker.drain()
    return kinds.slice(0, 3).map(kind => ({ kind, auc: areaUnderCurve(times[kind] ?? [], times['unknown'] ?? []) }))
  }
  const isNear = ({ auc }: { auc: number }) => Math.abs(auc - 0.5) <= tolerance
  const seen = await measuredAgain(measure, all => all.every(isNear), most)
  t.ok((app.mailing?.mailbox.length ?? 0) > 0, 'and those who are known have got a mail')
  for (const one of seen) {
    t.ok(isNear(one), `${one.kind}: AUC ${one.auc.toFixed(3)} over ${rounds} each`)
    t.comment(`${one.kind}: AUC ${one.auc.toFixed(3)} over ${rounds} each`)
  }
})
