/** One request, and as many as somebody can stand. */
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

/** Keeps so many requests in flight until told to stop. @returns how many were answered, and a second */
export function saturate(ask: (agent: Agent) => Promise<unknown>, inFlight: number) {
  const agent = new Agent({ keepAlive: true })
  let stopped = false
  let answered = 0
  const startedAt = performance.now()
  const worker = async () => {
    while (!stopped) {
      await ask(agent)
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
