/** A gateway, Signet behind it, and an application that says what it received: shared by the tests of one gateway. */
import type { Test } from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import {
  type Addresses,
  type Asking,
  ask,
  type GatewayName,
  hasGateway,
  type Received,
  type RunningGateway,
  startEcho,
  startGateway,
} from '../helpers/gateways.ts'
import { type RunningServer, startServer } from '../helpers/process.ts'

export interface Setup {
  readonly name: GatewayName
  readonly gateway: RunningGateway
  readonly signet: RunningServer
  /** The port of the application. */
  readonly app: number
  readonly publicUrl: string
  readonly url: string
  logIn(username?: string): Promise<TokenResponse>
  /** What the application receives of a request. @throws when the gateway does not let it through */
  receives(asking: Asking, path?: string): Promise<Received>
}

/** Both places for Signet are the same one. @returns undefined, and has said why, where the gateway is not installed */
export async function setUp(
  t: Test,
  name: GatewayName,
  env: Record<string, string> = {},
  {
    algorithm = 'ES256',
    path = '',
    publicPaths = '',
  }: Partial<Pick<Addresses, 'algorithm' | 'path' | 'publicPaths'>> = {},
): Promise<Setup | undefined> {
  if (!hasGateway(t, name)) return undefined
  const publicUrl = `https://auth.example.com${path}`
  const signet = await startServer(t, {
    PUBLIC_URL: publicUrl,
    JWT_ALGORITHM: algorithm,
    TRUSTED_PROXIES: 'loopback',
    LOGIN_FREE_FAILURES: '0',
    ...env,
  })
  const app = await startEcho(t)
  const signets = [signet.port, signet.port] as const
  const gateway = await startGateway(t, name, { signets, app, publicUrl, algorithm, path, publicPaths })
  const { url } = gateway

  async function logIn(username = 'maria'): Promise<TokenResponse> {
    const answer = await ask(`${url}${path}/login`, login(username))
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.body}`)
    return JSON.parse(answer.body)
  }

  async function receives(asking: Asking, target = '/orders'): Promise<Received> {
    const answer = await ask(`${url}${target}`, asking)
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body}`)
    return JSON.parse(answer.body)
  }
  return { name, gateway, signet, app, publicUrl, url, logIn, receives }
}

export function login(username: string, more: object = {}): Asking {
  const body = JSON.stringify({ username, password: 'demo123', ...more })
  return { method: 'POST', headers: ['Content-Type', 'application/json'], body }
}

export const bearer = (token: string) => ['Authorization', `Bearer ${token}`]

/** All values of a header, in their order. */
export function named({ headers }: Received, name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

export const identityNames = ['User-Id', 'Username', 'Email', 'Role', 'Session-Id', 'Expires-At'].map(
  name => `X-Auth-${name}`,
)
