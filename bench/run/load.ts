/** Load by autocannon, from this process. Anything but 2xx is an error: a refusal is quick and would look like speed. */
import autocannon from 'autocannon'
import type { Server } from './processes.ts'

export interface Load {
  readonly seconds: number
  readonly connections?: number
  readonly path: string
  /** The header every request has, and the first one of each connection in any case. */
  readonly headers?: Record<string, string>
  /** What the connections send in turn. */
  readonly requests?: autocannon.Request[]
  /** Lets the load generator sleep between answers, where somebody else needs its core: a database, say. */
  readonly maySleep?: boolean
  /** What one connection sends, over and over, when they must not send the same. */
  readonly requestsOf?: (connection: number) => autocannon.Request[]
}

export interface LoadResult {
  readonly perSecond: number
  /** Share of one core that the server's process used. */
  readonly busy: number
  /** Its processor time for one request: what neighbours of this machine can hardly change. */
  readonly cpuMicroseconds: number
}

export async function load(server: Server, given: Load): Promise<LoadResult> {
  const { seconds, connections = 50, path, headers = {}, requests, requestsOf, maySleep = false } = given
  let connection = 0
  const before = await server.probe()
  // From the first answer to the last: connecting and building thousands of requests is not the server's time.
  let firstAt = 0
  let lastAt = 0
  // A load generator that sleeps between two answers has to be woken by the server, which in a virtual machine costs it
  // several microseconds an answer: up to as much again as what is measured, and the more the slower the server is.
  let over = maySleep
  const stayAwake = () => void (over || setImmediate(stayAwake))
  stayAwake()
  const result = await run(
    {
      url: server.url + path,
      connections,
      duration: seconds,
      timeout: 10,
      sampleInt: 100, // it looks at the time this often, so a round may be shorter than its usual second
      headers,
      ...(requests && { requests }),
      ...(requestsOf && { setupClient: client => client.setRequests(requestsOf(connection++)) }),
    },
    () => {
      lastAt = performance.now()
      firstAt ||= lastAt
    },
  ).finally(() => {
    over = true
  })
  const elapsed = (lastAt - firstAt) / 1000
  const after = await server.probe()

  const { non2xx, errors, timeouts, '2xx': answered } = result
  if (non2xx + errors + timeouts > 0 || answered === 0) {
    throw new Error(`${path}: ${answered} answers, ${non2xx} not 2xx, ${errors} errors, ${timeouts} timeouts`)
  }
  const cpuMicroseconds = after.cpuMicroseconds - before.cpuMicroseconds
  return {
    perSecond: answered / elapsed,
    busy: cpuMicroseconds / 1e6 / elapsed,
    cpuMicroseconds: cpuMicroseconds / answered,
  }
}

function run(options: autocannon.Options, onResponse: () => void): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    autocannon(options, (error, result) => (error ? reject(error) : resolve(result))).on('response', onResponse)
  })
}
