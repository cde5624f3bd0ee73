/** A real Signet on loopback, an issuer that signs whatever is asked, and time that is moved instead of waited for. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Test } from 'tap'
import type { SignetOptions } from '../src/options.ts'
import { signetWith } from '../src/plugin.ts'
import type { Time } from '../src/time.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** What is used of Signet's own code. By its address: its types say of `request.user` what @fastify/jwt does. */
const load = <T>(path: string) => import(join(root, path)) as Promise<T>
const { buildApp } = await load<{ buildApp(options: object): Promise<SignetApp> }>('src/app.ts')
const { testConfig } = await load<{ testConfig(overrides: object): object }>('test/helpers/app.ts')
const { newSecret } = await load<{ newSecret(): string }>('test/helpers/tokens.ts')
const { createPasswordHasher } = await load<{ createPasswordHasher(options: object): unknown }>(
  'src/passwords/password-hash.ts',
)
const processes = await load<{
  freePort(): Promise<number>
  temporaryFolder(t: Test): Promise<string>
  environment(given?: Record<string, string>): NodeJS.ProcessEnv
}>('test/helpers/process.ts')
export const { freePort, temporaryFolder, environment } = processes
export { newSecret, root }

interface SignetApp {
  listen(options: { host: string; port: number }): Promise<string>
  close(): Promise<void>
}

const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: 1000 })

export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** Signet with its timers on, on one database and at one address however often it is stopped and started. */
export async function startSignet(t: Test, overrides: object = {}, time?: Time) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const resourceServer = { id: 'orders', secret: newSecret() }
  const config = testConfig({
    publicUrl: url,
    audience: [url],
    logLevel: 'silent',
    algorithm: 'ES256',
    sqlitePath: join(await temporaryFolder(t), 'signet.db'),
    resourceServers: new Map([[resourceServer.id, resourceServer.secret]]),
    ...overrides,
  })
  let app: SignetApp | undefined
  const stop = async () => {
    await app?.close()
    app = undefined
  }
  const start = async () => {
    app = await buildApp({ config, log: { write() {} }, hasher, ...(time && { clock: time.date }) })
    await app.listen({ host: '127.0.0.1', port })
  }
  await start()
  t.teardown(stop)

  return {
    url,
    resourceServer,
    stop,
    start,
    async logIn(username = 'maria'): Promise<Tokens> {
      const body = JSON.stringify({ username, password: 'demo123' })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/login`, { method: 'POST', headers, body })
      return (await answer.json()) as Tokens
    },
    async refresh({ refresh_token }: Tokens): Promise<Tokens> {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${url}/refresh`, { method: 'POST', headers, body: JSON.stringify({ refresh_token }) })
      return (await answer.json()) as Tokens
    },
    async confirm({ access_token: token }: Tokens): Promise<Tokens> {
      const body = JSON.stringify({ current_password: 'demo123' })
      const headers = { 'content-type': 'application/json', ...bearer(token) }
      const answer = await fetch(`${url}/me/confirm`, { method: 'POST', headers, body })
      return (await answer.json()) as Tokens
    },
    async logOut({ access_token: token }: Tokens): Promise<void> {
      await fetch(`${url}/logout`, { method: 'POST', headers: bearer(token) })
    },
  }
}

/** An issuer with keys of its own, which counts what it is asked. */
export async function startIssuer(
  t: Test,
  given: { maxAge?: number; cacheControl?: string; path?: string; issuer?: string } = {},
) {
  const { maxAge = 300, cacheControl = `max-age=${maxAge}`, path = '', issuer = '' } = given
  const asked: string[] = []
  let keys = [await newKey('1')]
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const metadata = { issuer: issuer || url, jwks_uri: `${url}/keys` }
    response.setHeader('cache-control', cacheControl)
    response.end(JSON.stringify(request.url === `${path}/keys` ? { keys: keys.map(key => key.jwk) } : metadata))
  })
  const listen = (port: number) => new Promise<void>(resolve => void server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}${path}`
  const stop = () => {
    server.closeAllConnections()
    return new Promise<void>(resolve => void server.close(() => resolve()))
  }
  t.teardown(stop)

  return {
    url,
    asked,
    stop,
    start: () => listen(port),
    async rotate(kid: string): Promise<void> {
      keys = [await newKey(kid)]
    },
    sign(
      claims: Record<string, unknown> = {},
      header: { kid?: string; typ?: string; alg?: string } = {},
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000)
      const mandatory = { iss: url, aud: url, sub: 'user-2', client_id: 'signet', iat: now, exp: now + 900, jti: 'j' }
      const about = { sid: 's'.repeat(22), username: 'maria', email: null, role: 'user', token_type: 'access' }
      return new SignJWT({ ...mandatory, ...about, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keys[0]!.jwk.kid, ...header })
        .sign(keys[0]!.privateKey)
    },
  }
}

async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } }
}

export interface MovableTime extends Time {
  advance(seconds: number): void
}

/** Goes on as time does, and further when it is told to. */
export function movableTime(): MovableTime {
  let ahead = 0
  return {
    date: () => Math.floor(Date.now() / 1000 + ahead),
    elapsed: () => performance.now() / 1000 + ahead,
    advance(seconds) {
      ahead += seconds
    },
  }
}

/** A service with the routes that the README shows. */
export async function startService(t: Test, options: SignetOptions, time: Time = movableTime()) {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'info', stream: { write: (line: string) => void lines.push(line) } } })
  t.teardown(() => app.close())
  await app.register(signetWith(time), options)
  app.get('/orders', { onRequest: [app.authenticate] }, async ({ user }) => ({ of: user.sub }))
  app.get('/admin', { onRequest: [app.authenticate, app.requireRole('admin')] }, async () => 'yes')
  app.get('/edit', { onRequest: [app.authenticate, app.requireRole('editor', 'admin')] }, async () => 'yes')
  app.get('/pay', { onRequest: [app.authenticate, app.requireFresh(300)] }, async () => 'yes')
  await app.ready()
  const get = (url: string, token?: string) => app.inject({ url, ...(token && { headers: bearer(token) }) })
  return { app, lines, get, orders: (token?: string) => get('/orders', token) }
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/**
 * Asks until it is so. Counted are the pauses between the questions: on a busy machine, where an answer takes longer, whoever
 * is waited for takes longer too.
 * @returns after how many seconds
 */
export async function until(what: () => unknown, seconds = 10): Promise<number> {
  const pause = 25
  for (let waited = 0; waited <= seconds * 1000; waited += pause) {
    if (await what()) return waited / 1000
    await new Promise(resolve => setTimeout(resolve, pause))
  }
  throw new Error('it did not come')
}
