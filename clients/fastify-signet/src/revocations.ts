/**
 * Follows Signet's feed of ended sessions (`GET /revocations`), once a second. While Signet is away the sessions that are
 * known stay refused, and how old that knowledge is can be asked.
 */
import type { ResourceServer } from './options.ts'
import { ask, createTrouble } from './request.ts'
import type { Time } from './time.ts'

export interface Revocations {
  has(sid: string): boolean
  /** Seconds since it was last known who logged out; Infinity before the first time. */
  age(): number
  /** Asks once, then every second. */
  start(): Promise<void>
  stop(): void
}

const pollMilliseconds = 1_000
/** No access token lives longer, whatever Signet is set to. */
const keepSeconds = 86_460

interface Feed {
  readonly now: number
  readonly cursor: string
  readonly revoked: readonly { readonly sid: string }[]
  readonly more: boolean
}

type Log = Parameters<typeof createTrouble>[0]

export function createRevocations(url: string, { id, secret }: ResourceServer, time: Time, log: Log): Revocations {
  const trouble = createTrouble(log, `following ${url}/revocations`)
  const stopped = new AbortController()
  const credentials = [id, secret].map(encodeURIComponent).join(':') // RFC 6749 section 2.3.1
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  /** When each was noted, in that order. */
  const noted = new Map<string, number>()
  let goodAt = Number.NEGATIVE_INFINITY
  let now: number | undefined
  let cursor: string | undefined
  /** Of the last answer to this cursor. */
  let etag: string | undefined
  let timer: NodeJS.Timeout | undefined

  async function poll(): Promise<void> {
    const began = time.elapsed()
    try {
      if (await readAll()) goodAt = began
      forget()
      trouble.over()
    } catch (error) {
      if (!stopped.signal.aborted) trouble.met(error as Error)
    }
    if (!stopped.signal.aborted) timer = setTimeout(poll, pollMilliseconds).unref()
  }

  /** @returns whether Signet itself knew: its `now` stands still while its database is away */
  async function readAll(): Promise<boolean> {
    for (;;) {
      const query = cursor === undefined ? '' : `?since=${encodeURIComponent(cursor)}`
      const headers = { authorization, ...(etag && { 'if-none-match': etag }) }
      const response = await ask(`${url}/revocations${query}`, stopped.signal, headers)
      if (response.status === 304) return true
      if (response.status === 410) {
        await response.body?.cancel()
        if (cursor === undefined) throw new Error('the beginning of the feed is not known')
        cursor = etag = undefined // it was away for so long that it has to begin again; nothing is forgotten for that
        continue
      }
      const feed = (await response.json()) as Feed
      for (const { sid } of feed.revoked) note(sid)
      etag = feed.cursor === cursor ? (response.headers.get('etag') ?? undefined) : undefined
      cursor = feed.cursor
      if (feed.more) continue
      const hasMoved = feed.now !== now
      now = feed.now
      return hasMoved
    }
  }

  function note(sid: string): void {
    if (!noted.has(sid)) noted.set(sid, time.elapsed())
  }

  function forget(): void {
    for (const [sid, at] of noted) {
      if (at >= time.elapsed() - keepSeconds) return
      noted.delete(sid)
    }
  }

  return {
    has: sid => noted.has(sid),
    age: () => time.elapsed() - goodAt,
    start: poll,
    stop() {
      clearTimeout(timer)
      stopped.abort()
    },
  }
}
