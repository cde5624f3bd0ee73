/** A user who asks for ever, each time on a new connection: what was answered, what was not, what was wrong. */
import { ask } from '../helpers/gateways.ts'

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

export interface Tally {
  /** Right answers, by path. */
  readonly answered: Record<string, number>
  /** 503 with `Retry-After`: "not now". */
  readonly unavailable: string[]
  /** Whatever else came, or did not come. */
  readonly wrong: string[]
}

const asJson = ['Content-Type', 'application/json']

export const post = (url: string, body: object, headers: string[] = []) =>
  ask(url, { method: 'POST', headers: [...asJson, ...headers], body: JSON.stringify(body) })

export async function logIn(url: string, username: string, headers?: string[]): Promise<Tokens> {
  const { status, body } = await post(`${url}/login`, { username, password: 'demo123' }, headers)
  if (status !== 200) throw new Error(`login answered ${status}: ${body}`)
  return JSON.parse(body)
}

export const get = (url: string, { access_token }: Tokens, headers: string[] = []) =>
  ask(url, { headers: ['Authorization', `Bearer ${access_token}`, ...headers] })

/** Asks the application and Signet who is asking, and refreshes; each as soon as it has its answer. */
export function startStreams(url: string, first: Tokens, username: string) {
  const tally: Tally = { answered: {}, unavailable: [], wrong: [] }
  let tokens = first
  let going = true

  async function stream(path: string, act: () => ReturnType<typeof ask>, isRight: (body: string) => boolean) {
    for (tally.answered[path] = 0; going; ) {
      const askedAt = performance.now()
      const answer = await act().catch((error: Error) => ({ status: 0, headers: {}, body: error.message }))
      const { status, headers, body } = answer
      if (status === 200 && isRight(body)) tally.answered[path]++
      else if (status === 503 && 'retry-after' in headers) {
        const seconds = ((performance.now() - askedAt) / 1000).toFixed(2)
        tally.unavailable.push(`${path} at ${new Date().toISOString()} after ${seconds} s: ${body}`)
        await new Promise(resolve => setTimeout(resolve, 50))
      } else tally.wrong.push(`${path}: ${status} ${body}`)
    }
  }

  const streams = [
    stream(
      '/orders',
      () => get(`${url}/orders`, tokens),
      body => body.includes(`X-Auth-Username: ${username}`),
    ),
    stream(
      '/me',
      () => get(`${url}/me`, tokens),
      body => JSON.parse(body).username === username,
    ),
    stream(
      '/refresh',
      () => post(`${url}/refresh`, { refresh_token: tokens.refresh_token }),
      body => {
        tokens = JSON.parse(body)
        return true
      },
    ),
  ]
  return {
    tally,
    /** Lets every request that is under way be answered. */
    async stop(): Promise<Tally> {
      going = false
      await Promise.all(streams)
      return tally
    },
  }
}
