/**
 * Signet's public keys (RFC 7517), found through its metadata (RFC 8414). They are fetched again by a timer when their time
 * is over, so that a key that was taken back is gone here even if nobody asked anything meanwhile; while Signet is away the
 * last ones stay.
 */
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { ask, createTrouble } from './request.ts'
import type { Time } from './time.ts'

export interface Keys {
  /** For jose: the key that a header names. @throws when there is none, or none are known yet (`areKnown`) */
  readonly find: JWTVerifyGetKey
  readonly areKnown: boolean
  /** Changes with the keys. */
  readonly version: number
  load(): Promise<void>
  stop(): void
}

/** A header with an unknown `kid` is easily made up: so long nothing is fetched for another one. */
const cooldownSeconds = 10
const retrySeconds = 5

type Log = Parameters<typeof createTrouble>[0]

export function createKeys(issuer: string, time: Time, log: Log): Keys {
  const trouble = createTrouble(log, `fetching the keys of ${issuer}`)
  const stopped = new AbortController()
  let set: ReturnType<typeof createLocalJWKSet> | undefined
  let text = ''
  let version = 0
  let pending: Promise<void> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  /** One at a time, whoever waits for it. Never rejects: what there is stays. */
  function load(): Promise<void> {
    pending ??= fetchKeys().finally(() => {
      pending = undefined
    })
    return pending
  }

  async function fetchKeys(): Promise<void> {
    askedAt = time.elapsed()
    clearTimeout(timer)
    let again = retrySeconds
    try {
      const metadata = (await (await ask(metadataOf(issuer), stopped.signal)).json()) as Record<string, unknown>
      if (metadata['issuer'] !== issuer) throw new Error(`the metadata is that of ${String(metadata['issuer'])}`)
      const response = await ask(String(metadata['jwks_uri']), stopped.signal)
      const received = await response.text()
      if (received !== text) {
        set = createLocalJWKSet(JSON.parse(received) as JSONWebKeySet) // throws unless it is a key set
        text = received
        version++
      }
      again = maxAgeOf(response.headers.get('cache-control'))
      trouble.over()
    } catch (error) {
      if (!stopped.signal.aborted) trouble.met(error as Error)
    }
    if (!stopped.signal.aborted) timer = setTimeout(load, again * 1000).unref()
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    if (!set) await load()
    try {
      return await known()(header, token)
    } catch (error) {
      if (!set || time.elapsed() - askedAt < cooldownSeconds) throw error
      await load()
      return known()(header, token)
    }
  }

  function known() {
    if (set) return set
    throw new Error('the keys are not known yet')
  }

  return {
    find,
    get areKnown() {
      return set !== undefined
    },
    get version() {
      return version
    },
    load,
    stop() {
      clearTimeout(timer)
      stopped.abort()
    },
  }
}

/** RFC 8414 section 3.1 puts the path of the issuer behind its own. */
function metadataOf(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
}

/** As told, within reason. */
function maxAgeOf(cacheControl: string | null): number {
  const seconds = Number(/(?:^|[\s,])max-age=(\d{1,9})/.exec(cacheControl ?? '')?.[1] ?? 300)
  return Math.min(Math.max(seconds, 1), 3600)
}
