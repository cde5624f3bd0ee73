/** `GET /me` where every token is new to the service: more tokens in turn than any cache of it holds. */
import { bareFastify, getWithTokens, plainJwt, startBareFastify, startPlainJwt } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, cpuRatios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

const title = '`GET /me`, each token new'

/** Both generations of the cache hold 8,192 at most; each token comes round again after all the others. */
const tokenCount = 20_000

export const meNew: Scenario = {
  name: 'me-new',
  title,
  inQuick: true,
  async run({ quick, folder, rounds, seconds }) {
    const algorithms = quick ? ['HS256'] : ['HS256', 'ES256', 'EdDSA']
    const environments = algorithms.map(alg => signetEnvironment(folder, { JWT_ALGORITHM: alg }))
    const tokens: string[][] = []
    for (const env of environments) tokens.push(await mintAccessTokens(env, tokenCount))
    const [first = {}] = environments
    const [own = []] = tokens

    const starts = [startBareFastify('silent'), startPlainJwt(first, 'info')]
    return withServers([...starts, ...environments.map(env => startSignet(env))], async ([bare, jwt, ...ours]) => {
      const measurements = await compare(
        [
          getWithTokens(bareFastify, bare!, '/me', own),
          getWithTokens(plainJwt, jwt!, '/me', own),
          ...ours.map((server, i) => getWithTokens(`Signet, ${algorithms[i]}`, server, '/me', tokens[i] ?? [])),
        ],
        { rounds, seconds },
      )
      const judgements = [
        atLeast(`${title}, HS256`, 0.5, cpuRatios(measurements, 'Signet, HS256', bareFastify), bareFastify),
      ]
      const notes = [
        `${tokenCount.toLocaleString('en-US')} tokens in turn; all but the bare route log a line per request.`,
      ]
      return { unit: 'req/s', measurements, against: bareFastify, judgements, notes }
    })
  },
}
