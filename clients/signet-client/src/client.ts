import { createPatience } from './patience.ts'
import { createRequests, type Json } from './requests.ts'
import { isNewer, type Session, sessionOf, storedSession } from './session.ts'
import { SignetError } from './signet-error.ts'
import { createSignetFetch } from './signet-fetch.ts'
import { storageOf } from './storage.ts'
import { type News, openTabs } from './tabs.ts'
import type { Time } from './time.ts'
import type { Account, Awaitable, SessionPage, Signet, SignetEvent, SignetOptions, User } from './types.ts'

type EventType = SignetEvent['type']

/** How long one try of a refresh may take, in milliseconds: within the 25 s there is room for others. */
const tryMs = 8_000
/** Which part of its life an access token has left when it is renewed: half a minute of a quarter of an hour. */
const early = 1 / 30

export function createClient(options: SignetOptions, time: Time): Signet {
  const { url, mode, origins = [], fetch: send = fetch } = options
  const isBearer = mode === 'bearer'
  if (!isBearer && mode !== 'cookie') throw new TypeError('mode: cookie or bearer')
  const page = globalThis.location as Location | undefined
  const base = new URL(url, page?.href).href.replace(/\/$/, '')
  const home = originOf(base)
  const trusted = [home, page?.origin, ...origins.map(originOf)]

  const key = `signet ${base}`
  const deviceKey = `${key} device`
  const listeners = new Set<(event: SignetEvent) => void>()
  const patience = createPatience(time)
  const { call, callForSession } = createRequests(base, isBearer, send, time)
  const fetchAsUser = createSignetFetch(send, trusted, !isBearer && home, () => session, readySession, refresh)
  const tell = openTabs(key, hear, comeBack)
  const storage = storageOf(isBearer ? options.storage : 'memory')
  /** What the storage said last: only what it says after that is news. */
  let seen: string | null | undefined = null
  /** Undefined when nobody is logged in. In cookie mode somebody may be. */
  let session = isBearer ? undefined : sessionOf(time)
  /** Ends with the next login or logout: the answer to something asked before counts no more. */
  let turn: { endedBy?: EventType } = {}
  let flight: AbortController | undefined
  let refreshing: Promise<void> | undefined
  let endedSid: string | undefined
  let unfinished: string | undefined

  const stored = isBearer ? storage.get(key) : null
  if (typeof stored === 'string') adopt(stored)
  else look(stored)

  return {
    get user() {
      return session?.user ?? null
    },
    fetch: fetchAsUser,
    login,
    logout,
    me,
    accessToken: async () => (await readySession())?.access ?? null,
    sessions: page =>
      ask(
        `/sessions?${new URLSearchParams(page as Record<string, string>)}`,
      ) as Promise<unknown> as Promise<SessionPage>,
    async endSession(id) {
      await ask(`/sessions/${encodeURIComponent(id)}`, 'DELETE')
      await check() // nobody, when it was this one
    },
    async logoutEverywhere() {
      const { sessions_ended } = (await ask('/logout/all', 'POST')) as { sessions_ended: number }
      await end('logged-out')
      return sessions_ended
    },
    async changePassword(current_password, new_password) {
      await ask('/me/password', 'PUT', { current_password, new_password })
    },
    account: () => ask('/me/account') as Promise<unknown> as Promise<Account>,
    async confirm(proof) {
      await ask('/me/confirm', 'POST', proof)
      await refreshing // it may bring a token of before
      await refresh(session!)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }

  /* Logging in and out */

  async function login(username: string, password: string, code?: string): Promise<User> {
    await look()
    // A refresh that is under way must not put cookies of the session before in the place of new ones.
    const asked = isBearer ? turn : nextTurn('logged-in')
    // Strangers who guess at this password do not lock out a browser that has been logged in.
    const more = isBearer ? { device: (await storage.get(deviceKey)) ?? undefined } : { mode }
    const next = await callForSession('/login', { username, password, code, ...more })
    if (asked.endedBy === 'logged-out') {
      unfinished = next.refresh
      await logout()
    } else {
      nextTurn('logged-in')
      if (isBearer) await become(next, 'logged-in')
      else {
        session = next
        await createPatience(time)(me)
        tell({ type: 'logged-in', lifetime: next.lifetime })
      }
      if (session?.user) return session.user
    }
    throw new SignetError(undefined, { code: 'logged_out', detail: 'The login was not kept' })
  }

  async function logout(): Promise<void> {
    await look()
    // Until Signet knows, this is the token of a live session: it stays in memory only, for another try.
    unfinished = session?.refresh ?? unfinished
    await end('logged-out')
    if (isBearer && !unfinished) return
    await storage.remove(deviceKey)
    const act = () => call(send, '/logout', 'POST', isBearer && { refresh_token: unfinished })
    await createPatience(time)(act).catch(error => {
      if (error.status !== 401) throw error // else nothing is left to end
    })
    if (unfinished) await storage.set(deviceKey, unfinished)
    unfinished = undefined
  }

  async function me(): Promise<User | null> {
    const asked = turn
    await look()
    if (!isBearer) session ??= sessionOf(time)
    if (session) {
      try {
        const { message, ...user } = await ask('/me')
        if (session && asked.endedBy) return me() // that was about a login before this one
        if (session && JSON.stringify(user) !== JSON.stringify(session.user)) {
          session.user = user as unknown as User
          emit('logged-in')
        }
      } catch (error) {
        if (session) throw error // else it told that nobody is logged in
      }
    }
    return session?.user ?? null
  }

  /* The session, where it is stored, and who is told of it */

  /** Bearer mode: looks into the storage, where other tabs write too. One that cannot be read changes nothing. */
  async function look(given?: Awaitable<string | null | undefined>): Promise<void> {
    if (!isBearer) return
    const before = session
    try {
      const text = await (given ?? storage.get(key))
      if (session === before) adopt(text)
    } catch {}
  }

  /** What is new in the storage counts, unless it is behind: tabs may write in another order than they were answered. */
  function adopt(text: string | null = null): void {
    if (text === seen) return
    seen = text
    const found = storedSession(time, text)
    if (!found || found.sid === endedSid) session && forget('logged-out')
    else if (!isNewer(session, found)) set(found, found.sid === session?.sid ? 'refreshed' : 'logged-in')
  }

  async function become(next: Session, type: EventType): Promise<void> {
    set(next, type)
    const { text, sid, lifetime, refresh } = next
    try {
      if (text) await storage.set(key, text)
      seen = text
      if (refresh && type === 'logged-in') await storage.set(deviceKey, refresh)
    } catch {} // full, or forbidden by now: this page at least stays logged in
    tell({ type, sid, lifetime })
  }

  /** Forgets the session here, at once; the promise is for the storage. */
  async function end(type: EventType): Promise<void> {
    const sid = session?.sid
    forget(type)
    tell({ type, sid })
    await storage.remove(key)
    seen = null
  }

  function forget(type: EventType): void {
    nextTurn(type)
    endedSid = session?.sid
    set(undefined, type)
  }

  function set(next: Session | undefined, type: EventType): void {
    const was = session?.user
    if (was && next) next.user ??= was
    session = next
    if (was || next) emit(type)
  }

  /** A listener that throws is heard of, and stops nothing. */
  function emit(type: EventType): void {
    const event = { type, user: session?.user ?? null }
    for (const listener of listeners) queueMicrotask(() => listener(event))
  }

  function nextTurn(type: EventType) {
    turn.endedBy = type
    flight?.abort()
    turn = {}
    return turn
  }

  function hear({ type, sid, lifetime }: News): void {
    if (isBearer) {
      // The storage of another process may lag behind the message, so the message alone ends its session.
      if (sid && !lifetime && sid === session?.sid) forget(type)
      look()
    } else if (type === 'logged-out') forget(type)
    else if (type === 'ended')
      comeBack() // it may have been a login before this one
    else if (type === 'logged-in') {
      // Another object, so that a late 401 to the cookies of before does not count.
      session = { ...sessionOf(time, lifetime), user: session?.user ?? null }
      check()
    } else if (session) set(sessionOf(time, lifetime), type)
  }

  function comeBack(): void {
    if (isBearer) look()
    else if (session?.user) check()
  }

  function check(): Promise<unknown> {
    return me().catch(() => {})
  }

  /* Requests */

  function ask(path: string, method = 'GET', body?: Json): Promise<Json> {
    return call(fetchAsUser, path, method, body)
  }

  async function readySession(): Promise<Session | undefined> {
    await look()
    if (session) {
      const left = session.left()
      const renewal = left < session.lifetime * early ? refresh(session) : undefined
      if (left > 0)
        renewal?.catch(() => {}) // it is good until then
      else await renewal
    }
    return session
  }

  /** One at a time. Tabs need no lock: Signet gives each the same successor. */
  function refresh(stale: Session): Promise<void> | undefined {
    if (session !== stale) return
    refreshing ??= patience(remainingMs => renew(stale, remainingMs)).finally(() => {
      refreshing = undefined
    })
    return refreshing
  }

  /** Looks into the storage at each try: a frozen tab would send a token that the others left behind long ago. */
  async function renew(stale: Session, remainingMs: number): Promise<void> {
    await look()
    const used = session
    if (!used || (used !== stale && used.left() > 0)) return

    const asked = turn
    flight = new AbortController()
    const timer = time.after(Math.min(tryMs, remainingMs), () => flight?.abort())
    try {
      const next = await callForSession('/refresh', isBearer && { refresh_token: used.refresh }, flight.signal)
      await look()
      if (!asked.endedBy && session?.sid === next.sid && !isNewer(session, next)) await become(next, 'refreshed')
    } catch (error) {
      const { status, code } = error as SignetError
      if (asked.endedBy) return
      // By cookie nothing but the cookie was sent, so this says that there is none: nobody is logged in.
      if (status !== 401 && (isBearer || code !== 'invalid_request')) throw error
      await look()
      if (session === used) await end('ended') // else another tab has a newer one
    } finally {
      clearTimeout(timer)
    }
  }
}

function originOf(url: string): string {
  return new URL(url).origin
}
