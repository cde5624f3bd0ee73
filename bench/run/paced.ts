/**
 * Requests at a steady pace, each timed. autocannon rounds latencies to milliseconds and sends as fast as it is answered;
 * here it is tenths that matter, and a client that does not wait for its turn.
 */
import { Agent, request } from 'node:http'

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

export async function call(agent: Agent, { method, url, headers = {}, body }: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text)
        else reject(new Error(`${method} ${url} answered ${response.statusCode}: ${text}`))
      })
      response.on('error', reject)
    })
    sent.setTimeout(10_000, () => sent.destroy(new Error(`${method} ${url} was not answered`)))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Milliseconds of each request, one started every `everyMilliseconds` whether or not the last one is back. */
export async function timePaced(given: Call, seconds: number, everyMilliseconds = 5): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const times: number[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  try {
    for (let due = startedAt; due < startedAt + seconds * 1000; due += everyMilliseconds) {
      await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
      const sentAt = performance.now()
      pending.push(call(agent, given).then(() => void times.push(performance.now() - sentAt)))
    }
    await Promise.all(pending)
    return times
  } finally {
    agent.destroy()
  }
}

/** Keeps so many in flight until told to stop. @returns how many were answered, and a second */
export function saturate(given: Call, inFlight: number) {
  const agent = new Agent({ keepAlive: true })
  let stopped = false
  let answered = 0
  const startedAt = performance.now()
  const worker = async () => {
    while (!stopped) {
      await call(agent, given)
      answered++
    }
  }
  const workers = Promise.all(Array.from({ length: inFlight }, worker))
  workers.catch(() => {}) // thrown by stop()
  return {
    async stop() {
      stopped = true
      await workers.finally(() => agent.destroy())
      return { answered, perSecond: answered / ((performance.now() - startedAt) / 1000) }
    },
  }
}
