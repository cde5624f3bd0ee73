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

export interface Sample {
  /** Seconds since the first request when this one was sent. */
  readonly at: number
  readonly milliseconds: number
}

/** Each request, one started every `everyMilliseconds` whether or not the last one is back. */
export async function samplePaced(given: Call, seconds: number, everyMilliseconds = 5): Promise<Sample[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const samples: Sample[] = []
  const pending: Promise<void>[] = []
  const startedAt = performance.now()
  try {
    for (let due = startedAt; due < startedAt + seconds * 1000; due += everyMilliseconds) {
      await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())))
      const sentAt = performance.now()
      const note = () =>
        void samples.push({ at: (sentAt - startedAt) / 1000, milliseconds: performance.now() - sentAt })
      pending.push(call(agent, given).then(note))
    }
    await Promise.all(pending)
    return samples
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
