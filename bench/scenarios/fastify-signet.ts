/** What `fastify-signet` costs a route of somebody else's service, tokens seen before, following the feed. */

import { freePort } from '../../test/helpers/process.ts'
import { newSecret } from '../../test/helpers/tokens.ts'
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { startServer } from '../run/processes.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, cpuRatios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

const title = 'a route behind `fastify-signet`, tokens seen before'

export const fastifySignet: Scenario = {
  name: 'fastify-signet',
  title,
  inQuick: true,
  async run({ folder, rounds, seconds }) {
    const secret = newSecret()
    const SIGNET_URL = `http://127.0.0.1:${await freePort()}`
    const env = signetEnvironment(folder, {
      JWT_ALGORITHM: 'ES256',
      RESOURCE_SERVERS: `bench:${secret}`,
      PUBLIC_URL: SIGNET_URL,
    })
    const tokens = await mintAccessTokens(env, 1000)
    const port = Number(new URL(SIGNET_URL).port)
    return withServers([startSignet(env, { port, cores: 'all', probed: false })], () =>
      withServers([startBareFastify('info'), startProtected({ SIGNET_URL, SECRET: secret })], async ([bare, ours]) => {
        const measurements = await compare(
          [getWithTokens(bareFastify, bare!, '/me', tokens), getWithTokens('fastify-signet', ours!, '/me', tokens)],
          { rounds, seconds },
        )
        const judgements = [atLeast(title, 0.85, cpuRatios(measurements, 'fastify-signet', bareFastify), bareFastify)]
        const notes = [
          '1,000 tokens of ES256 in turn, with a line per request. It polls the feed of a Signet every second.',
        ]
        return { unit: 'req/s', measurements, against: bareFastify, judgements, notes }
      }),
    )
  },
}

const startProtected = (env: Record<string, string>) =>
  startServer({ args: ['bench/servers/fastify-signet.ts'], env: { ...env, LOG_LEVEL: 'info' } })
