/**
 * What happens by mail: a forgotten password, an address that is proven or changed. Apart from the rest, so that only the
 * pages that links lead to load this.
 */
import { answerOf } from './requests.ts'
import type { Account, Signet, User } from './types.ts'

export interface Registration {
  /** One of the two is needed. */
  readonly username?: string
  readonly email?: string
  readonly password: string
}

/** Every promise here is rejected with a `SignetError` when Signet refuses or cannot be reached. */
export interface SignetMail {
  /** @returns null when the account is there once the link in the mail was followed @throws SignetError `taken`, … */
  register(account: Registration): Promise<User | null>
  /** Says nothing about who has an account. @param username the name, or the address */
  forgotPassword(username: string): Promise<void>
  /** @throws SignetError `invalid_link`; `invalid_request` for a password that is refused */
  resetPassword(token: string, newPassword: string): Promise<void>
  /**
   * Does what the link is for. The first proof of an address voids the password of its account, unless its user is logged in
   * here or the password is given: somebody else may have registered the address.
   * @throws SignetError `invalid_link`, `invalid_credentials`
   */
  verifyEmail(token: string, password?: string): Promise<void>
  /** The address of now stays until the link in the mail to the new one was followed. @throws SignetError `fresh_login_required`: confirm */
  changeEmail(email: string): Promise<Account>
}

/** @param url as for `createSignet`, which `signet` is of */
export function createSignetMail(signet: Pick<Signet, 'fetch'>, url: string | URL): SignetMail {
  const base = new URL(url, (globalThis.location as Location | undefined)?.href).href.replace(/\/$/, '')

  function ask(path: string, body: object, method = 'POST') {
    const headers = { 'content-type': 'application/json' }
    const request = { method, headers, body: JSON.stringify(body), redirect: 'error' } as const
    return answerOf(signet.fetch(base + path, request))
  }

  return {
    async register(account) {
      const { status, answer } = await ask('/register', account)
      return status === 202 ? null : (answer as unknown as User)
    },
    forgotPassword: async username => void (await ask('/password/forgot', { username })),
    resetPassword: async (token, new_password) => void (await ask('/password/reset', { token, new_password })),
    verifyEmail: async (token, password) => void (await ask('/email/verify', { token, ...(password && { password }) })),
    changeEmail: async email => (await ask('/me/account', { email }, 'PATCH')).answer as unknown as Account,
  }
}

/** The token of the link that led to this page, which goes from its address. Null when there is none. */
export function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token) history.replaceState(history.state, '', location.pathname + location.search)
  return token
}
