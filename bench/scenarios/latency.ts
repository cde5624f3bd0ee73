/** Does anybody notice a flood? `/me` at a steady pace, idle and while logins, refreshes or a slow disk have all to do. */
import { setTimeout as sleep } from 'node:timers/promises'
import { coreCount } from '../run/cores.ts'
import { mintSessions } from '../run/mint.ts'
import { type Pacer, type Sample, startPacer } from '../run/paced.ts'
import type { Server } from '../run/processes.ts'
import { saturateRefresh } from '../run/refresh-load.ts'
import { call, saturate } from '../run/saturate.ts'
import { type Environment, signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { slowDisk } from '../run/slow-disk.ts'
import { atMost, percentile } from '../run/statistics.ts'
import type { Measurement, Scenario, TimeLine } from '../scenario.ts'
import { demoLogin } from './login.ts'

interface Flood {
  readonly name: string
  readonly env: Environment
  begin(server: Server): { stop(): Promise<unknown> }
  /** Of the p99 when idle. */
  readonly bar?: { readonly what: string; readonly times: number }
}

interface Flooded {
  readonly times: number[]
  readonly delays: number[]
  readonly measurements: Measurement[]
  readonly line: TimeLine
}

const syncMilliseconds = 20

export const latency: Scenario = {
  name: 'latency',
  title: '`GET /me` while others have all to do',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const slow = slowDisk(folder, syncMilliseconds)
    const floods: Flood[] = [
      {
        name: 'logins on every core',
        env: signetEnvironment(folder),
        begin: ({ url }) => saturate(agent => call(agent, { ...demoLogin, url: `${url}/login` }), coreCount + 4),
        bar: { what: '`/me` p99 while logins saturate every core', times: 3 },
      },
      await refreshes(folder, 'refreshes'),
    ]
    const what = `\`/me\` p99 while refreshes saturate a disk of ${syncMilliseconds} ms a sync`
    if (slow) {
      floods.push({ ...(await refreshes(folder, 'refreshes on a slow disk', slow)), bar: { what, times: 3 } })
    }
    const flooded: Flooded[] = []
    const pacer = startPacer()
    try {
      for (const flood of floods) flooded.push(await measure(pacer, flood, rounds, seconds))
    } finally {
      await pacer.stop()
    }
    const judgements = floods.flatMap(({ bar }, i) =>
      bar ? [atMost(bar.what, bar.times, '× idle', flooded[i]?.times ?? [])] : [],
    )
    return {
      unit: 'ms',
      measurements: flooded.flatMap(({ measurements }) => measurements),
      judgements: [...judgements, atMost('event-loop delay p99 while logins do', 50, 'ms', flooded[0]?.delays ?? [])],
      overTime: { unit: 'p99 of /me in ms', lines: flooded.map(({ line }) => line) },
      notes: [
        '200 requests a second, by a thread of its own. It shares the cores with the flood, so its own waiting is in the figures.',
        slow
          ? `The slow disk: every fsync and fdatasync of the process takes ${syncMilliseconds} ms longer, in the thread that asks.`
          : 'No slow disk: that needs Linux and a C compiler.',
      ],
    }
  },
}

async function refreshes(folder: string, name: string, more: Environment = {}): Promise<Flood> {
  const env = signetEnvironment(folder, { REFRESH_RACE_WINDOW: '0' })
  const waiting = await mintSessions(env, 2000)
  return { name, env: { ...env, ...more }, begin: server => saturateRefresh(server, { waiting }) }
}

function measure({ sample }: Pacer, { name, env, begin }: Flood, rounds: number, seconds: number): Promise<Flooded> {
  return withServers([startSignet(env, { cores: 'all' })], async ([server]) => {
    const { url, probe } = server!
    const answer = await fetch(`${url}/login`, demoLogin)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const me = { method: 'GET', url: `${url}/me`, headers: { authorization: `Bearer ${token}` } } as const
    await sample(me, 1)

    const calm: Sample[][] = []
    const flooded: Sample[][] = []
    const delays: number[] = []
    for (let round = 0; round < rounds; round++) {
      calm.push(await sample(me, seconds))
      const flood = begin(server!)
      await sleep(200)
      await probe()
      flooded.push(await sample(me, Math.max(seconds, 3)))
      delays.push((await probe()).eventLoopDelayP99)
      await flood.stop()
    }
    const of = (all: Sample[][], part: number) => all.map(samples => percentile(samples.map(millisecondsOf), part))
    const [idle, busy] = [of(calm, 0.99), of(flooded, 0.99)]
    return {
      times: busy.map((p99, i) => p99 / (idle[i] ?? Number.NaN)),
      delays,
      measurements: [
        { who: `idle, before ${name}, p50`, values: of(calm, 0.5) },
        { who: `idle, before ${name}, p99`, values: idle },
        { who: `${name}, p50`, values: of(flooded, 0.5) },
        { who: `${name}, p99`, values: busy },
        { who: `${name}, event-loop delay, p99`, values: delays },
      ],
      line: { label: name, points: secondBySecond([calm.at(-1) ?? [], flooded.at(-1) ?? []]) },
    }
  })
}

const millisecondsOf = ({ milliseconds }: Sample) => milliseconds

/** The p99 of each half second of the last round, the calm before the flood and the flood. */
function secondBySecond(parts: readonly (readonly Sample[])[]): [number, number][] {
  const points: [number, number][] = []
  let from = 0
  for (const part of parts) {
    const length = Math.max(...part.map(({ at }) => at))
    for (let at = 0; at < length; at += 0.5) {
      const within = part.filter(sample => sample.at >= at && sample.at < at + 0.5).map(millisecondsOf)
      if (within.length > 0) points.push([from + at, percentile(within, 0.99)])
    }
    from += length
  }
  return points
}
