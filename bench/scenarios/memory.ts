/** Resident memory: once it is calm after the start, under every kind of work, and once it is calm again. */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { coreCount } from '../run/cores.ts'
import { mintAccessTokens } from '../run/mint.ts'
import type { Server } from '../run/processes.ts'
import { call, saturate } from '../run/saturate.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atMost } from '../run/statistics.ts'
import type { Scenario } from '../scenario.ts'
import { demoLogin } from './login.ts'

/** Time for the service to notice, and for V8 to hand back. */
const calmMilliseconds = 75_000

export const memory: Scenario = {
  name: 'memory',
  title: 'Memory',
  inQuick: false,
  async run({ quick, folder, seconds }) {
    const idle: number[] = []
    const busy: number[] = []
    const after: number[] = []
    const environments = Array.from({ length: quick ? 1 : 3 }, () => signetEnvironment(folder))
    const tokens: string[][] = []
    for (const env of environments) tokens.push(await mintAccessTokens(env, 20_000))
    const starts = environments.map(env => startSignet(env, { cores: 'all', probed: false }))
    await withServers(starts, async servers => {
      await sleep(calmMilliseconds)
      idle.push(...servers.map(residentMegabytes))
      for (const [i, server] of servers.entries()) {
        const logins = saturate(agent => call(agent, { ...demoLogin, url: `${server.url}/login` }), coreCount + 2)
        await work(server.url, tokens[i] ?? [], 4 * seconds)
        await logins.stop()
        busy.push(residentMegabytes(server))
      }
      await sleep(calmMilliseconds)
      after.push(...servers.map(residentMegabytes))
    })
    return {
      unit: 'MB',
      measurements: [
        { who: 'idle', values: idle },
        { who: 'at the end of the load', values: busy },
        { who: 'after load', values: after },
      ],
      judgements: [atMost('memory idle', 100, 'MB', idle), atMost('memory after load', 200, 'MB', after)],
      notes: [
        'RSS of the process. The load: new tokens at `/me` on 100 connections while logins hash on every core.',
        'Idle and after load are 75 seconds of calm later: what a service keeps, not what it has not yet handed back.',
      ],
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

function residentMegabytes({ pid }: Server): number {
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024
}
