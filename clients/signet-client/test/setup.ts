/** A real Signet on a loopback port, the network between, and time that is moved instead of waited for. */
import type { Test } from 'tap'
import { buildApp } from '../../../src/app.ts'
import { createPasswordHasher } from '../../../src/passwords/password-hash.ts'
import { type Overrides, testConfig } from '../../../test/helpers/app.ts'
import { freePort } from '../../../test/helpers/process.ts'
import { createClient } from '../src/client.ts'
import type { Time } from '../src/time.ts'
import type { Signet, SignetEvent, SignetOptions, SignetStorage } from '../src/types.ts'

/** One thread for all apps of a file: a pool for each would cost more than the tests do. */
export const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 1000 })

export interface MovableTime extends Time {
  /** Both clocks, and Signet's. */
  advance(seconds: number): void
  /** The computer's date alone. */
  setDateWrongBy(seconds: number): void
  /** The computer sleeps: only the date (and Signet) goes on. */
  sleepFor(seconds: number): void
  readonly pauses: number[]
  serverSeconds(): number
  /** Lets the time-out of the request under way come. */
  timeOut(): void
  /** After how many seconds that would come. */
  timesOutAfter(): number
}

export function movableTime(): MovableTime {
  let real = Date.now()
  let asleep = 0
  let wrongBy = 0
  let onTimeOut = () => {}
  let limit = 0
  const pauses: number[] = []
  return {
    pauses,
    now: () => real - asleep,
    date: () => real + wrongBy,
    async sleep(milliseconds) {
      if (milliseconds > 0) pauses.push(milliseconds)
      real += Math.max(0, milliseconds)
    },
    after(milliseconds, act) {
      limit = milliseconds
      onTimeOut = act
      return undefined
    },
    advance(seconds) {
      real += seconds * 1000
    },
    setDateWrongBy(seconds) {
      wrongBy = seconds * 1000
    },
    sleepFor(seconds) {
      real += seconds * 1000
      asleep += seconds * 1000
    },
    serverSeconds: () => Math.floor(real / 1000),
    timeOut: () => onTimeOut(),
    timesOutAfter: () => limit / 1000,
  }
}

/** What happens to a request: its answer is lost, nothing gets through, or somebody else answers. */
export type Fault = 'lost answer' | 'no network' | 'never answered' | Response

export interface Network {
  readonly fetch: typeof fetch
  /** What happens to the next requests whose path ends so, in turn. */
  readonly faults: Map<string, (Fault | undefined)[]>
  /** Paths asked for, in order. */
  readonly asked: string[]
}

export function network(): Network {
  const faults: Network['faults'] = new Map()
  const asked: string[] = []
  return {
    faults,
    asked,
    async fetch(input, init) {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      asked.push(pathname)
      const fault = faults.get(pathname)?.shift()
      if (fault === 'no network') throw new TypeError('fetch failed')
      if (fault === 'never answered')
        return new Promise((_resolve, reject) =>
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
        )
      if (fault instanceof Response) return fault
      const response = await fetch(input, init)
      if (fault !== 'lost answer') return response
      await response.arrayBuffer()
      throw new TypeError('terminated')
    },
  }
}

export async function startSignet(t: Test, overrides: Overrides = {}, time = movableTime()) {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const config = testConfig({ publicUrl: url, logLevel: 'silent', ...overrides })
  const app = await buildApp({ config, log: { write() {} }, clock: time.serverSeconds, background: false, hasher })
  t.teardown(() => app.close())
  app.addHook('onRequest', () => app.revocations.poll()) // as it does every second
  const causes: unknown[] = []
  app.addHook('onResponse', async ({ url }, reply) => {
    if (url === '/refresh') causes.push(reply.getHeader('signet-refresh') ?? reply.statusCode)
  })
  await app.listen({ host: 'localhost', port })

  return {
    app,
    url,
    time,
    /** The verdicts of `/refresh` so far. */
    causes,
    /** A client in bearer mode, as a tab of its own, and what it was told. */
    open(options: Partial<SignetOptions> & { network?: Network; time?: Time } = {}): Opened {
      const between = options.network ?? network()
      const storage = options.storage ?? 'memory'
      const signet = createClient(
        { url, mode: 'bearer', fetch: between.fetch, ...options, storage },
        options.time ?? time,
      )
      const events: SignetEvent['type'][] = []
      signet.subscribe(({ type }) => events.push(type))
      return { signet, events, network: between }
    },
  }
}

export interface Opened {
  readonly signet: Signet
  readonly events: SignetEvent['type'][]
  readonly network: Network
}

/** What the tabs of one browser share. */
export function sharedStorage(): SignetStorage & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>()
  return {
    texts,
    get: key => texts.get(key) ?? null,
    set: (key, text) => texts.set(key, text),
    remove: key => texts.delete(key),
  }
}

export const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ status, code, detail: code }), { status, headers })
