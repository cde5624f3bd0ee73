/** `POST /refresh` on PostgreSQL, every one a rotation that is on disk before it is answered. */
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintSessions } from '../run/mint.ts'
import { withPostgres } from '../run/postgres.ts'
import { loadRefresh } from '../run/refresh-load.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, ratios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

const title = '`POST /refresh`, every one a durable rotation in PostgreSQL'

export const refreshPostgres: Scenario = {
  name: 'refresh-postgres',
  title,
  inQuick: false,
  run: ({ folder, rounds, seconds }) =>
    withPostgres(async ({ url }) => {
      const env = signetEnvironment(folder, { DATABASE_URL: url, REFRESH_RACE_WINDOW: '0' })
      const waiting = await mintSessions(env, 1000)
      return withServers([startBareFastify('silent'), startSignet(env)], async ([bare, ours]) => {
        const measurements = await compare(
          [
            getWithTokens(bareFastify, bare!, '/me', waiting),
            { who: 'Signet', measure: seconds => loadRefresh(ours!, { waiting }, seconds, { maySleep: true }) },
          ],
          { rounds, seconds },
        )
        const notes = ['PostgreSQL with its own defaults on the same machine, wherever the system lets it run.']
        const judgements = [atLeast(title, 0.15, ratios(measurements, 'Signet', bareFastify), bareFastify)]
        return { unit: 'req/s', measurements, against: bareFastify, judgements, notes }
      })
    }),
}
