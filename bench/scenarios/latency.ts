/** Does anybody notice a flood of logins? `/me` at a steady pace, idle and while every core hashes. */
import { coreCount } from '../run/cores.ts'
import { saturate, timePaced } from '../run/paced.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atMost, percentile } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'
import { demoLogin } from './login.ts'

export const latency: Scenario = {
  name: 'latency',
  title: '`GET /me` while logins saturate every core',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const env = signetEnvironment(folder, { BCRYPT_COST: '12' })
    return withServers([startSignet(env, { cores: 'all' })], async ([server]) => {
      const { url, probe } = server!
      const answer = await fetch(`${url}/login`, demoLogin)
      const { access_token: token } = (await answer.json()) as { access_token: string }
      const me = { method: 'GET', url: `${url}/me`, headers: { authorization: `Bearer ${token}` } } as const
      await timePaced(me, 1)

      const values = { idleP50: [] as number[], idleP99: [] as number[], p50: [] as number[], p99: [] as number[] }
      const delays: number[] = []
      for (let round = 0; round < rounds; round++) {
        const idle = await timePaced(me, seconds)
        const logins = saturate({ ...demoLogin, url: `${url}/login` }, coreCount + 4)
        await probe()
        const busy = await timePaced(me, Math.max(seconds, 3))
        delays.push((await probe()).eventLoopDelayP99)
        await logins.stop()
        values.idleP50.push(percentile(idle, 0.5))
        values.idleP99.push(percentile(idle, 0.99))
        values.p50.push(percentile(busy, 0.5))
        values.p99.push(percentile(busy, 0.99))
      }
      const times = values.p99.map((p99, i) => p99 / (values.idleP99[i] ?? Number.NaN))
      return {
        unit: 'ms',
        measurements: [
          { who: 'idle, p50', values: values.idleP50 },
          { who: 'idle, p99', values: values.idleP99 },
          { who: 'logins everywhere, p50', values: values.p50 },
          { who: 'logins everywhere, p99', values: values.p99 },
          { who: 'event-loop delay, p99', values: delays },
        ],
        judgements: [
          atMost('`/me` p99 while logins saturate every core', 5, '× idle', times),
          atMost('event-loop delay p99 meanwhile', 50, 'ms', delays),
        ],
        notes: [
          '200 requests a second. The client shares the cores with the hashing, so its own waiting is in the figures.',
        ],
      }
    })
  },
}
