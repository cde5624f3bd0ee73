/** `POST /refresh` on SQLite, every one a rotation that is on disk before it is answered. */
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { diskWritesPerSecond } from '../run/disk.ts'
import { mintSessions } from '../run/mint.ts'
import { loadRefresh } from '../run/refresh-load.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, ratios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

const disk = 'this disk, one commit after the other'

export const refresh: Scenario = {
  name: 'refresh',
  title: '`POST /refresh`, every one a durable rotation in SQLite',
  inQuick: true,
  async run({ folder, rounds, seconds }) {
    const env = signetEnvironment(folder, { REFRESH_RACE_WINDOW: '0' }) // or a quick second use would be a repeat
    const waiting = await mintSessions(env, 2000)
    return withServers([startBareFastify('silent'), startSignet(env)], async ([bare, ours]) => {
      const measurements = await compare(
        [
          getWithTokens(bareFastify, bare!, '/me', waiting.slice(0, 1000)),
          { who: disk, measure: async seconds => ({ perSecond: diskWritesPerSecond(folder, seconds / 2) }) },
          { who: 'Signet', measure: seconds => loadRefresh(ours!, { waiting }, seconds) },
        ],
        { rounds, seconds },
      )
      const judgements = [atLeast(this.title, 0.25, ratios(measurements, 'Signet', bareFastify), bareFastify)]
      const notes = [
        'The disk decides: its line is `UPDATE` of one row with `synchronous=FULL`, in a loop, without HTTP or tokens.',
      ]
      return { unit: 'req/s', measurements, against: bareFastify, judgements, notes }
    })
  },
}
