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
    return withServers([startBareFastify('info'), startSignet(env)], async ([bare, ours]) => {
      const measurements = await compare(
        [getWithTokens(bareFastify, bare!, '/me', tokens), getWithTokens('Signet', ours!, '/verify', tokens)],
        { rounds, seconds },
      )
      const judgements = [atLeast('`/verify`', 0.9, cpuRatios(measurements, 'Signet', bareFastify), bareFastify)]
      return { unit: 'req/s', measurements, against: bareFastify, judgements, notes: ['Tokens seen before.'] }
    })
  },
}
