/** What a schema cannot say about a variable. Each rule reads its value and adds a line for what is wrong with it. */
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { secretWeakness } from './keys/secret.ts'
import type { Variables } from './variables.ts'

/** The issuer is configured, never taken from a request (RFC 8414 section 2: no query, no fragment). */
export function readPublicUrl({ PUBLIC_URL, HOST }: Variables, mistakes: string[]): string {
  if (PUBLIC_URL === undefined) {
    if (!isLoopback(HOST)) {
      mistakes.push(
        'PUBLIC_URL is required when HOST is not loopback: the origin that clients see, as in https://auth.example.com',
      )
    }
    return 'http://localhost:3000'
  }
  const url = URL.canParse(PUBLIC_URL) ? new URL(PUBLIC_URL) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== PUBLIC_URL) {
    mistakes.push('PUBLIC_URL must be an origin without path, query or trailing slash, as in https://auth.example.com')
  }
  return PUBLIC_URL
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export function readSecrets(
  { JWT_SECRET_KEY, JWT_SECRET_KEY_FALLBACK }: Variables,
  mistakes: string[],
): { secrets: readonly [string, ...string[]]; secretIsRandom: boolean } {
  const secretIsRandom = JWT_SECRET_KEY === 'random'
  const secret = secretIsRandom ? randomBytes(32).toString('base64url') : JWT_SECRET_KEY
  const fallbacks = JWT_SECRET_KEY_FALLBACK?.split(',').map(one => one.trim()) ?? []

  const make = 'make one with: openssl rand -base64 48'
  if (secret === undefined) mistakes.push(`JWT_SECRET_KEY is required; ${make}`)
  const weakness = secret && secretWeakness(secret)
  if (weakness) mistakes.push(`JWT_SECRET_KEY ${weakness}; ${make}`)
  for (const [index, fallback] of fallbacks.entries()) {
    const reason = fallback === secret ? 'repeats JWT_SECRET_KEY' : secretWeakness(fallback)
    if (reason) mistakes.push(`JWT_SECRET_KEY_FALLBACK: secret ${index + 1} of ${fallbacks.length} ${reason}`)
  }
  if (new Set(fallbacks).size < fallbacks.length) mistakes.push('JWT_SECRET_KEY_FALLBACK lists a secret twice')
  return { secrets: [secret ?? '', ...fallbacks], secretIsRandom }
}

export function readDatabaseUrl({ DATABASE_URL }: Variables, mistakes: string[]): string {
  const path = /^sqlite:(?!\/\/)(.+)$/.exec(DATABASE_URL)?.[1]
  if (path === undefined) mistakes.push('DATABASE_URL must be sqlite:PATH or sqlite::memory:')
  return path ?? ':memory:'
}

const addressGroups = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Hop counts and `true` believe whatever a client writes, so only addresses are accepted. */
export function readTrustedProxies({ TRUSTED_PROXIES }: Variables, mistakes: string[]): string[] {
  const proxies = TRUSTED_PROXIES?.split(',').map(one => one.trim()) ?? []
  if (!proxies.every(isAddressRange)) {
    mistakes.push(
      'TRUSTED_PROXIES must list addresses or CIDRs of gateways, as in 10.0.0.0/8, or loopback, linklocal, uniquelocal; not a number, true or everything',
    )
  }
  return proxies
}

function isAddressRange(range: string): boolean {
  if (addressGroups.has(range)) return true
  const [address = '', prefix, ...rest] = range.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}
