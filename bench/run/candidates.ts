/** The servers that Signet is compared with, on one core, and the same requests to all of them. */
import type { Candidate } from './compare.ts'
import { load } from './load.ts'
import { type Server, startServer } from './processes.ts'
import type { Environment } from './signet.ts'

export const bareHttp = 'bare node:http'
export const bareFastify = 'bare Fastify'
export const plainJwt = '@fastify/jwt, plain'

export function startBareHttp(): Promise<Server> {
  return startServer({ args: ['bench/servers/bare-http.ts'] })
}

/** @param level `silent` (no logger at all) or `info` (a line per request, as Signet's) */
export function startBareFastify(level: 'silent' | 'info'): Promise<Server> {
  return startServer({ args: ['bench/servers/bare-fastify.ts'], env: { LOG_LEVEL: level }, readyPath: '/me' })
}

export function startPlainJwt({ JWT_SECRET_KEY = '' }: Environment, level: 'silent' | 'info'): Promise<Server> {
  return startServer({ args: ['bench/servers/plain-jwt.ts'], env: { JWT_SECRET_KEY, LOG_LEVEL: level } })
}

/** `GET` with these tokens: each connection has its share of them and goes round it. */
export function getWithTokens(who: string, server: Server, path: string, tokens: readonly string[]): Candidate {
  const connections = 50
  const each = Math.floor(tokens.length / connections)
  const bearer = (token = '') => ({ authorization: `Bearer ${token}` })
  const requests = tokens.map(token => ({ method: 'GET' as const, path, headers: bearer(token) }))
  const requestsOf = (connection: number) => requests.slice(connection * each, (connection + 1) * each)
  const headers = bearer(tokens[0])
  return { who, measure: seconds => load(server, { path, seconds, connections, headers, requestsOf }) }
}
