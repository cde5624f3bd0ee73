/** What a service that polls the revocation feed costs Signet, beside a health check. */
import { newSecret } from '../../test/helpers/tokens.ts'
import type { Candidate } from '../run/compare.ts'
import { compare } from '../run/compare.ts'
import { load } from '../run/load.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import type { Scenario } from '../scenario.ts'

export const feed: Scenario = {
  name: 'feed',
  title: '`GET /revocations`, nothing new, beside a health check',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const secret = newSecret()
    const env = signetEnvironment(folder, { RESOURCE_SERVERS: `bench:${secret}` })
    return withServers([startSignet(env)], async ([server]) => {
      const authorization = `Basic ${Buffer.from(`bench:${secret}`).toString('base64')}`
      const candidate = (who: string, path: string, headers = {}): Candidate => ({
        who,
        measure: seconds => load(server!, { path, seconds, headers }),
      })
      const measurements = await compare(
        [
          candidate('/health/live', '/health/live'),
          candidate('/revocations', '/revocations?since=0.', { authorization }),
        ],
        { rounds, seconds },
      )
      const notes = [
        'Nothing is judged here. A service asks once a second: whatever this says, it is microseconds a second.',
      ]
      return { unit: 'req/s', measurements, against: '/health/live', judgements: [], notes }
    })
  },
}
