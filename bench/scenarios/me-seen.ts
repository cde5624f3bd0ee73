/** `GET /me` with tokens that were presented before: what most requests behind a gateway are. */
import {
  bareFastify,
  bareHttp,
  getWithTokens,
  plainJwt,
  startBareFastify,
  startBareHttp,
  startPlainJwt,
} from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, cpuRatios } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'

const title = '`GET /me`, tokens seen before'
const withLog = 'Signet, HS256, its log into a pipe'

export const meSeen: Scenario = {
  name: 'me-seen',
  title,
  inQuick: true,
  async run({ quick, folder, rounds, seconds }) {
    const algorithms = quick ? ['HS256'] : ['HS256', 'ES256', 'EdDSA', 'RS256']
    const environments = algorithms.map(alg => signetEnvironment(folder, { JWT_ALGORITHM: alg }))
    const tokens: string[][] = []
    for (const env of environments) tokens.push(await mintAccessTokens(env, 1000))
    const [first = {}] = environments
    const [own = []] = tokens

    const starts = [startBareHttp(), startBareFastify('silent'), startPlainJwt(first, 'silent')]
    const quiet = environments.map(env => startSignet({ ...env, LOG_LEVEL: 'warn' }))
    const logging = startSignet(first, { output: 'pipe' })
    return withServers([...starts, logging, ...quiet], async ([http, bare, jwt, piped, ...ours]) => {
      const measurements = await compare(
        [
          getWithTokens(bareHttp, http!, '/me', own),
          getWithTokens(plainJwt, jwt!, '/me', own),
          getWithTokens(withLog, piped!, '/me', own),
          ...ours.flatMap((server, i) => [
            getWithTokens(bareWith(algorithms[i]), bare!, '/me', tokens[i] ?? []),
            getWithTokens(`Signet, ${algorithms[i]}`, server, '/me', tokens[i] ?? []),
          ]),
        ],
        { rounds, seconds },
      )
      const judgements = algorithms.map(alg =>
        atLeast(`${title}, ${alg}`, 0.85, cpuRatios(measurements, `Signet, ${alg}`, bareWith(alg)), bareFastify),
      )
      const share = cpuRatios(measurements, withLog, bareFastify)
      judgements.push(atLeast(`${title}, HS256, its log into a pipe`, 0.7, share, bareFastify))
      const notes = [
        '1,000 tokens in turn. Nobody logs a request, but the Signet with its log into a pipe, as in a container.',
        'Each algorithm is judged against the bare route with the same tokens: those of RS256 are twice as long.',
      ]
      return { unit: 'req/s', measurements, against: bareFastify, judgements, notes }
    })
  },
}

/** The bare route, sent the tokens of this algorithm. */
function bareWith(algorithm = 'HS256'): string {
  return algorithm === 'HS256' ? bareFastify : `${bareFastify}, tokens of ${algorithm}`
}
