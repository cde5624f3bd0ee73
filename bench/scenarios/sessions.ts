/** `POST /refresh` with more and more sessions in the database: a service must not slow down as it is used. */
import { compare } from '../run/compare.ts'
import { filledDatabase, sidOf } from '../run/fill-sessions.ts'
import { mintRefreshTokens } from '../run/mint.ts'
import { loadRefresh } from '../run/refresh-load.ts'
import { type Environment, signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atMost, ratios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

/** Enough that in a large database nearly every one is on a page that was not touched before. */
const sample = 20_000

const nameOf = (count: number) => `${count.toLocaleString('en-US')} sessions`

export const sessions: Scenario = {
  name: 'sessions',
  title: '`POST /refresh` as the database grows',
  inQuick: false,
  async run({ full, folder, rounds, seconds }) {
    const counts = [1_000, 100_000, 1_000_000, ...(full ? [10_000_000] : [])]
    const prepared: { count: number; env: Environment; waiting: string[] }[] = []
    for (const count of counts) {
      const file = await filledDatabase(count)
      const settings = { DATABASE_URL: `sqlite:${file}`, REFRESH_RACE_WINDOW: '0', REFRESH_RETRIES_PER_DAY: '1000' }
      const env = signetEnvironment(folder, settings)
      const taken = Math.min(count, sample)
      const sids = Array.from({ length: taken }, (_, i) => sidOf(Math.floor((i * count) / taken)))
      prepared.push({ count, env, waiting: await mintRefreshTokens(env, sids) })
    }
    return withServers(
      prepared.map(({ env }) => startSignet(env)),
      async servers => {
        const candidates = prepared.map(({ count, waiting }, i) => ({
          who: nameOf(count),
          measure: (seconds: number) => loadRefresh(servers[i]!, { waiting }, seconds),
        }))
        const measurements = await compare(candidates, { rounds, seconds })
        const least = nameOf(1_000)
        const most = counts.at(-1) ?? 0
        const times = ratios(measurements, least, nameOf(most))
        const judgements = full ? [atMost(`refresh with ${nameOf(most)}`, 1.5, '× the time of 1,000', times)] : []
        const notes = [
          `${sample.toLocaleString('en-US')} of the sessions take part. The files fit into this machine's page cache.`,
          ...(full ? [] : ['Ten million only with `--full`.']),
        ]
        return { unit: 'req/s', measurements, against: least, judgements, notes }
      },
    )
  },
}
