/** What a schema cannot say about a variable. Each rule reads its value and adds a line for what is wrong with it. */
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { isAddressRange } from '../base/address-ranges.ts'
import { type Database, readDatabaseUrl } from './database-url.ts'
import { isOrigin, isPublicUrl, originOf } from './public-url.ts'
import { howToMakeASecret, secretWeakness } from './strength/secret-weakness.ts'
import type { Variables } from './variables.ts'

/** The issuer is configured, never taken from a request (RFC 8414 section 2: no query, no fragment). */
export function readPublicUrl({ PUBLIC_URL, HOST, PORT }: Variables, mistakes: string[]): string {
  if (PUBLIC_URL === undefined) {
    if (!isLoopback(HOST)) {
      mistakes.push(
        'PUBLIC_URL is required when HOST is not loopback: the origin that clients see, as in https://auth.example.com',
      )
    }
    return originOf(`http://localhost:${PORT}`)
  }
  if (isPublicUrl(PUBLIC_URL)) return PUBLIC_URL
  mistakes.push(
    'PUBLIC_URL must be an origin, or one with a path, without query or trailing slash, as in https://auth.example.com or https://example.com/auth',
  )
  return 'http://localhost'
}

/** Several are separated by commas; a token for them names them all. */
export function readAudience({ JWT_AUDIENCE }: Variables, publicUrl: string, mistakes: string[]): string[] {
  if (JWT_AUDIENCE === undefined) return [publicUrl]
  const audience = JWT_AUDIENCE.split(',').map(one => one.trim())
  if (audience.includes('')) mistakes.push('JWT_AUDIENCE lists an empty name')
  else if (new Set(audience).size < audience.length) mistakes.push('JWT_AUDIENCE lists a name twice')
  // Tokens for this are good for adding a second factor and nothing else.
  if (audience.includes(`${publicUrl}/enrol`)) mistakes.push('JWT_AUDIENCE must not list PUBLIC_URL with /enrol')
  // They stand in every token, and one of more than 4,096 bytes is refused.
  if (JWT_AUDIENCE.length > 1000) mistakes.push('JWT_AUDIENCE is longer than 1,000 characters')
  return audience
}

/** Pages of other sites: no cookies for them, so of any site, or `*` for all. */
export function readCorsOrigins({ CORS_ORIGINS }: Variables, mistakes: string[]): string[] {
  const origins = CORS_ORIGINS?.split(',').map(one => one.trim()) ?? []
  if (origins.length === 1 && origins[0] === '*') return origins
  for (const [index, origin] of origins.entries()) {
    if (isOrigin(origin)) continue
    mistakes.push(
      `CORS_ORIGINS: entry ${index + 1} of ${origins.length} must be an origin without path or trailing slash, as in https://app.example.com; or the list is nothing but *`,
    )
  }
  return origins
}

/** Each must be of the site of `PUBLIC_URL`: the browser sends no SameSite cookie from another one. */
export function readCookieOrigins({ COOKIE_ORIGINS }: Variables, publicUrl: string, mistakes: string[]): string[] {
  const origins = COOKIE_ORIGINS?.split(',').map(one => one.trim()) ?? []
  const ours = new URL(publicUrl)
  for (const [index, origin] of origins.entries()) {
    const which = `COOKIE_ORIGINS: entry ${index + 1} of ${origins.length}`
    if (!isOrigin(origin))
      mistakes.push(`${which} must be an origin without path or trailing slash, as in https://app.example.com`)
    else if (!isSameSite(new URL(origin), ours)) mistakes.push(`${which} must be of the same site as PUBLIC_URL`)
  }
  return origins
}

/**
 * A passkey made for `example.com` is good for `auth.example.com`, and for no other ending (WebAuthn level 3, section 5.1.3,
 * "scope"). While nobody can add one, and no ending is set, there is nothing to be wrong.
 * @param urls where passkeys are used: `PUBLIC_URL` and `COOKIE_ORIGINS`
 */
export function readPasskeyRpId(
  { PASSKEY_RP_ID: given, SECOND_FACTOR: mode }: Variables,
  urls: readonly string[],
  mistakes: string[],
): string {
  const hosts = urls.filter(url => URL.canParse(url)).map(url => new URL(url).hostname)
  const id = given ?? hosts[0] ?? 'localhost'
  const fits = hosts.every(host => host === id || (isIP(host) === 0 && host.endsWith(`.${id}`)))
  if (!fits && (given !== undefined || mode !== 'off')) {
    mistakes.push(
      'PASSKEY_RP_ID must be what the hosts of PUBLIC_URL and COOKIE_ORIGINS all end in, as in example.com for auth.example.com and app.example.com',
    )
  }
  return id
}

/**
 * Schemeful same-site, approximated without the list of public suffixes: equal hosts, or names that end in the same two
 * labels. So two strangers under co.uk pass here, but no browser will send them cookies. Ports do not count.
 */
function isSameSite(a: URL, b: URL): boolean {
  if (a.protocol !== b.protocol) return false
  if (a.hostname === b.hostname) return true
  const [siteOfA, siteOfB] = [a, b].map(({ hostname }) =>
    isIP(hostname) === 0 && !hostname.startsWith('[') ? /[^.]+\.[^.]+$/.exec(hostname)?.[0] : undefined,
  )
  return siteOfA !== undefined && siteOfA === siteOfB
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export function readSecrets(
  {
    JWT_SECRET_KEY,
    JWT_SECRET_KEY_FALLBACK,
    JWT_ALGORITHM,
  }: Pick<Variables, 'JWT_SECRET_KEY' | 'JWT_SECRET_KEY_FALLBACK' | 'JWT_ALGORITHM'>,
  mistakes: string[],
): { secrets: readonly [string, ...string[]]; secretIsRandom: boolean } {
  const secretIsRandom = JWT_SECRET_KEY === 'random'
  const secret = secretIsRandom ? randomBytes(32).toString('base64url') : JWT_SECRET_KEY
  const fallbacks = JWT_SECRET_KEY_FALLBACK?.split(',').map(one => one.trim()) ?? []

  if (secret === undefined) mistakes.push(`JWT_SECRET_KEY is required; ${howToMakeASecret}`)
  if (secretIsRandom && JWT_ALGORITHM !== 'HS256') {
    mistakes.push(`JWT_SECRET_KEY must not be random with JWT_ALGORITHM=${JWT_ALGORITHM}: its keys outlive a start`)
  }
  const weakness = secret === undefined ? undefined : secretWeakness(secret)
  if (weakness) mistakes.push(`JWT_SECRET_KEY ${weakness}; ${howToMakeASecret}`)
  for (const [index, fallback] of fallbacks.entries()) {
    const which = `JWT_SECRET_KEY_FALLBACK: secret ${index + 1} of ${fallbacks.length}`
    const weakness = secretWeakness(fallback)
    if (fallback === secret) mistakes.push(`${which} repeats JWT_SECRET_KEY`)
    else if (fallback === '') mistakes.push(`${which} is empty`)
    else if (weakness) mistakes.push(`${which} ${weakness}; ${howToMakeASecret}`)
  }
  if (new Set(fallbacks).size < fallbacks.length) mistakes.push('JWT_SECRET_KEY_FALLBACK lists a secret twice')
  return { secrets: [secret ?? '', ...fallbacks], secretIsRandom }
}

export function readDatabase(
  { DATABASE_URL, DATABASE_POOL }: Pick<Variables, 'DATABASE_URL' | 'DATABASE_POOL'>,
  mistakes: string[],
): Database {
  const read = readDatabaseUrl(DATABASE_URL, DATABASE_POOL)
  if ('database' in read) return read.database
  mistakes.push(`DATABASE_URL ${read.mistake}`)
  return { engine: 'sqlite', path: ':memory:' }
}

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

/** Whoever reaches the lab sees tokens and moves its clock: it is for one person at one machine. */
export function readLab(
  { LAB, HOST, PUBLIC_URL, TRUSTED_PROXIES, DATABASE_URL }: Variables,
  mistakes: string[],
): boolean {
  if (!LAB) return false
  const host = PUBLIC_URL !== undefined && URL.canParse(PUBLIC_URL) ? new URL(PUBLIC_URL).hostname : 'localhost'
  const reasons = {
    'HOST is not loopback': !isLoopback(HOST),
    'PUBLIC_URL is not loopback': !isLoopback(host.replace(/^\[|\]$/g, '')),
    'TRUSTED_PROXIES is set': TRUSTED_PROXIES !== undefined,
    'DATABASE_URL is PostgreSQL': /^postgres(?:ql)?:/.test(DATABASE_URL),
  }
  for (const [reason, isSo] of Object.entries(reasons)) {
    if (isSo) mistakes.push(`LAB must not be true when ${reason}: it is for practice on one machine`)
  }
  return true
}

/** Without the names of groups, which are for gateways. */
export function readLoginLimitExempt({ LOGIN_LIMIT_EXEMPT }: Variables, mistakes: string[]): string[] {
  const ranges = LOGIN_LIMIT_EXEMPT?.split(',').map(one => one.trim()) ?? []
  if (!ranges.every(one => isAddressRange(one) && !/^[a-z]+$/.test(one))) {
    mistakes.push('LOGIN_LIMIT_EXEMPT must list addresses or CIDRs, as in 203.0.113.0/24; not everything')
  }
  return ranges
}

/** `id:secret` pairs, split at the first colon; a secret has no comma. @param own the secrets that sign: nobody else's */
export function readResourceServers(
  { RESOURCE_SERVERS }: Variables,
  own: readonly string[],
  mistakes: string[],
): Map<string, string> {
  const servers = new Map<string, string>()
  for (const [index, pair] of (RESOURCE_SERVERS?.split(',') ?? []).entries()) {
    const at = pair.indexOf(':')
    const [id, secret] = [pair.slice(0, Math.max(at, 0)).trim(), pair.slice(at + 1).trim()]
    const which = `RESOURCE_SERVERS: entry ${index + 1}`
    const weakness = [...secret].length < 32 ? 'is of less than 32 characters' : secretWeakness(secret)
    if (!/^[\x21-\x7e]+$/.test(id)) mistakes.push(`${which} must be id:secret`)
    else if (servers.has(id)) mistakes.push(`${which} repeats an id`)
    else if (own.includes(secret)) mistakes.push(`${which} has a secret of JWT_SECRET_KEY: it must be one of its own`)
    else if (weakness) mistakes.push(`${which} has a secret that ${weakness}; ${howToMakeASecret}`)
    else servers.set(id, secret)
  }
  return servers
}
