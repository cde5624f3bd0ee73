/** `/verify`, what a gateway asks before every request it lets through. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { root } from '../run/root.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, cpuRatios } from '../run/statistics.ts'
import { type Scenario, skipped } from '../scenario.ts'

export const verify: Scenario = {
  name: 'verify',
  title: '`/verify`, the gateway check',
  inQuick: true,
  async run({ folder, rounds, seconds }) {
    if (!existsSync(join(root, 'routes', 'verify.ts'))) return skipped('there is no route /verify yet')
    const env = signetEnvironment(folder)
    const tokens = await mintAccessTokens(env, 1000)
    const silent = { ...env, LOG_LEVEL: 'warn' }
    const starts = [startBareFastify('silent'), startSignet(silent), startSignet(env, { output: 'pipe' })]
    return withServers(starts, async ([bare, quiet, ours]) => {
      const measurements = await compare(
        [
          getWithTokens(bareFastify, bare!, '/me', tokens),
          getWithTokens('Signet', quiet!, '/verify', tokens),
          getWithTokens('Signet, its log into a pipe', ours!, '/verify', tokens),
        ],
        { rounds, seconds },
      )
      const share = (who: string) => cpuRatios(measurements, who, bareFastify)
      const judgements = [
        atLeast('`/verify`', 0.85, share('Signet'), bareFastify),
        atLeast('`/verify`, its log into a pipe', 0.7, share('Signet, its log into a pipe'), bareFastify),
      ]
      return {
        unit: 'req/s',
        measurements,
        against: bareFastify,
        judgements,
        notes: ['Tokens seen before. The bare route logs nothing, nor does the first Signet.'],
      }
    })
  },
}
