/** What `createSignet` takes and gives. */

export interface SignetOptions {
  /** Where Signet is: its `PUBLIC_URL`, or in a page a path of the page's own origin. */
  readonly url: string | URL
  /** `cookie`: the browser keeps the tokens where no script can read them. `bearer`: this library keeps them. */
  readonly mode: 'cookie' | 'bearer'
  /** Origins beside the page's own and Signet's that may be sent the access token, as in `https://api.example.com`. */
  readonly origins?: readonly string[]
  /** Bearer mode: where tokens are kept. `localStorage` unless said otherwise; `memory` where there is none. */
  readonly storage?: 'localStorage' | 'memory' | SignetStorage
  /** What sends requests, instead of the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
}

/** A place to keep texts. Its answers may be promises. */
export interface SignetStorage {
  get(key: string): Awaitable<string | null | undefined>
  set(key: string, value: string): Awaitable<unknown>
  remove(key: string): Awaitable<unknown>
}

export type Awaitable<T> = T | PromiseLike<T>

export interface User {
  readonly user_id: string
  readonly username: string
  readonly email: string | null
  readonly role: string
}

/** The user as Signet has stored it. */
export interface Account extends User {
  readonly disabled: boolean
  /** ISO 8601. */
  readonly created_at: string
  readonly email_verified: boolean
  /** What a login asks for beside the password. */
  readonly second_factors: readonly string[]
  /** An address that has not proved itself yet. */
  readonly pending_email: string | null
}

/** `logged-out`: somebody chose to, here or in another tab. `ended`: Signet says that the session is over. */
export interface SignetEvent {
  readonly type: 'logged-in' | 'refreshed' | 'logged-out' | 'ended'
  readonly user: User | null
}

export interface SessionItem {
  readonly id: string
  /** Moments are ISO 8601 texts. */
  readonly created_at: string
  readonly last_used_at: string
  readonly expires_at: string
  readonly ip: string | null
  readonly user_agent: string | null
  /** The session that asks. */
  readonly current: boolean
}

export interface SessionPage {
  readonly sessions: readonly SessionItem[]
  /** To be given as `after` for the page that follows; null or missing on the last. */
  readonly next?: string | null
}

/** Every promise here is rejected with a `SignetError` when Signet refuses or cannot be reached. */
export interface Signet {
  /** Who is logged in, as far as this page knows. */
  readonly user: User | null

  /**
   * @param code of a second factor. Without one, whoever has a factor gets `second_factor_required`: ask for a code, and
   *   log in again with it
   * @returns the user
   * @throws SignetError `invalid_credentials`, `invalid_code`, `too_many_attempts` with `retryAfterSeconds`, …
   */
  login(username: string, password: string, code?: string): Promise<User>

  /**
   * Ends the session: at once in this browser, and then at Signet, for up to 25 s if it must be tried again.
   * @throws SignetError when Signet could not be told; calling it again tries again
   */
  logout(): Promise<void>

  /** Ends every session of the user, this one too. @returns how many there were */
  logoutEverywhere(): Promise<number>

  /**
   * Like `fetch`, as the user who is logged in. It refreshes when that is needed, once for all requests that wait.
   * @throws SignetError when a token had to be refreshed and Signet could not be reached: nobody is logged out by that
   */
  readonly fetch: typeof globalThis.fetch

  /** Bearer mode: an access token that is still good. Null when nobody is logged in, and always in cookie mode. */
  accessToken(): Promise<string | null>

  /** Asks Signet who is logged in. @returns null when nobody is */
  me(): Promise<User | null>

  /** Where the user is logged in. @param page at most `limit` sessions, those `after` the last one of the page before */
  sessions(page?: { readonly limit?: number; readonly after?: string }): Promise<SessionPage>

  /** Ends one session of the user, by the `id` that `sessions()` tells. */
  endSession(id: string): Promise<void>

  /** Ends the user's other sessions too. */
  changePassword(currentPassword: string, newPassword: string): Promise<void>

  /** Asks Signet for the user as stored. */
  account(): Promise<Account>

  /**
   * Proves again who the user is, for what asks for a recent login (401 `fresh_login_required`). What `fetch` sends after
   * that is fresh.
   * @param proof the password; of whoever has a second factor a code of it
   * @throws SignetError `invalid_credentials`, `invalid_code`, `too_many_attempts` with `retryAfterSeconds`, …
   */
  confirm(
    proof: { readonly current_password: string } | { readonly code: string } | { readonly passkey: object },
  ): Promise<void>

  /** @param listener is told what happens here and in other tabs @returns a function that stops it */
  subscribe(listener: (event: SignetEvent) => void): () => void
}
