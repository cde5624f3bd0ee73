/** `POST /refresh` on PostgreSQL, every one a rotation that is on disk before it is answered. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintSessions } from '../run/mint.ts'
import { loadRefresh } from '../run/refresh-load.ts'
import { root } from '../run/root.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, ratios } from '../run/statistics.ts'
import { type Outcome, type Scenario, skipped } from '../scenario.ts'

const helper = join(root, 'test', 'helpers', 'postgres.ts')

const title = '`POST /refresh`, every one a durable rotation in PostgreSQL'

export const refreshPostgres: Scenario = {
  name: 'refresh-postgres',
  title,
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    if (!existsSync(helper)) return skipped('there is no PostgreSQL to test with yet')
    process.env['TAP_TIMEOUT'] = '0' // the helper is made for tests: tap would end this process after 30 s
    const { startPostgres } = (await import(helper)) as typeof import('../../test/helpers/postgres.ts')
    const teardowns: (() => unknown)[] = []
    const teardown = (act: () => unknown) => void teardowns.push(act)
    try {
      const postgres = await startPostgres({ teardown }, { settings: ['fsync=on'] }) // tests do without
      return await measure(signetEnvironment(folder, { DATABASE_URL: postgres.url(), REFRESH_RACE_WINDOW: '0' }))
    } finally {
      for (const act of teardowns.toReversed()) await act()
    }

    async function measure(env: Record<string, string>): Promise<Outcome> {
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
    }
  },
}
