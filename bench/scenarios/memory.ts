/** Resident memory: a while after the start, and after every kind of work. */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { coreCount } from '../run/cores.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { saturate } from '../run/paced.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atMost } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'
import { demoLogin } from './login.ts'

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const idle: number[] = []
    const loaded: number[] = []
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const env = signetEnvironment(folder)
      const tokens = await mintAccessTokens(env, 20_000)
      await withServers([startSignet(env, { cores: 'all', probed: false })], async ([server]) => {
        const { url, pid } = server!
        await sleep(2000)
        idle.push(residentMegabytes(pid))
        const logins = saturate({ ...demoLogin, url: `${url}/login` }, coreCount + 2)
        await work(url, tokens, 4 * seconds)
        await logins.stop()
        loaded.push(residentMegabytes(pid))
      })
    }
    return {
      unit: 'MB',
      measurements: [
        { who: 'idle', values: idle },
        { who: 'after load', values: loaded },
      ],
      judgements: [atMost('memory idle', 80, 'MB', idle), atMost('memory after load', 150, 'MB', loaded)],
      notes: ['RSS of the process. The load: new tokens at `/me` on 100 connections while logins hash on every core.'],
    }
  },
}

async function work(url: string, tokens: readonly string[], seconds: number): Promise<void> {
  const requests = tokens.map(token => ({ headers: { authorization: `Bearer ${token}` } }))
  const connections = 100
  const each = tokens.length / connections
  let connection = 0
  const { non2xx, errors } = await autocannon({
    url: `${url}/me`,
    connections,
    duration: seconds,
    headers: requests[0]!.headers,
    setupClient: client => client.setRequests(requests.slice(connection * each, ++connection * each)),
  })
  if (non2xx + errors > 0) throw new Error(`/me: ${non2xx} not 2xx, ${errors} errors`)
}

function residentMegabytes(pid: number): number {
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024
}
