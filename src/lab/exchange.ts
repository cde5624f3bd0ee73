/**
 * One request to an instance and its answer, as both went over: through every hook and route of it, but for the socket. So
 * the lab can give a thief an address of his own, and lose an answer that the server has given.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'
import type { AuditEvent } from '../base/audit.ts'
import type { Rules } from './rules.ts'

export type Lane = 'a' | 'b' | 'thief'

export interface Wanted {
  readonly rules: Rules
  readonly lane: Lane
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** For the `Authorization` header. */
  readonly token?: string
  readonly body?: Readonly<Record<string, unknown>>
  /** The answer does not arrive. */
  readonly lose?: boolean
}

export interface Exchange {
  readonly rules: Rules
  readonly lane: Lane
  readonly at: number
  readonly request: { readonly method: string; readonly url: string; readonly headers: Headers; readonly body: string }
  readonly answer: { readonly status: number; readonly headers: Headers; readonly body: string }
  /** When not, nobody was told what stands in the answer, and its body is left out here too. */
  readonly arrived: boolean
  /** What the instance wrote into its log about it. */
  readonly audit: readonly AuditEvent[]
}

type Headers = Readonly<Record<string, string>>

/** Of documentation (RFC 5737): nobody's. */
const clients: Record<Lane, { readonly address: string; readonly agent: string }> = {
  a: { address: '192.0.2.10', agent: 'Browser, tab A' },
  b: { address: '192.0.2.10', agent: 'Browser, tab B' },
  thief: { address: '203.0.113.66', agent: "A thief's script" },
}

/** Of an answer those that say something about tokens. */
const telling = ['content-type', 'cache-control', 'signet-refresh', 'www-authenticate', 'retry-after']

const heard = new AsyncLocalStorage<AuditEvent[]>()

/** To be told of every audit event: it goes to the exchange that caused it. */
export function hear(event: AuditEvent): void {
  heard.getStore()?.push(event)
}

/** @param app the instance, whose clock says when */
export async function exchange(app: FastifyInstance, wanted: Wanted): Promise<Exchange> {
  const { rules, lane, method, path, token, body, lose = false } = wanted
  const { address, agent } = clients[lane]
  const at = app.clock()
  const url = `${app.config.publicUrl}${path}`
  const headers = {
    host: new URL(url).host,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json' }),
    'user-agent': agent,
  }
  const payload = body ? JSON.stringify(body) : ''
  const audit: AuditEvent[] = []
  const sent = { method, url: new URL(url).pathname, headers, remoteAddress: address }
  // Awaited inside: `inject` begins only when somebody waits for it.
  const answer = await heard.run(audit, async () => await app.inject({ ...sent, ...(payload !== '' && { payload }) }))
  const told = telling.flatMap(name => {
    const value = answer.headers[name]
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return {
    rules,
    lane,
    at,
    request: { method, url, headers, body: payload },
    answer: { status: answer.statusCode, headers: Object.fromEntries(told), body: lose ? '' : answer.body },
    arrived: !lose,
    audit,
  }
}
