import { jsonOf } from './requests.ts'
import type { Session } from './session.ts'

/**
 * `fetch` as whoever is logged in. It is repeated once after a refresh.
 * @param trusted origins that may have the access token
 * @param cookieOrigin cookie mode: Signet's
 * @param readySession the session, with a token that can be sent
 */
export function createSignetFetch(
  send: typeof fetch,
  trusted: readonly (string | undefined)[],
  cookieOrigin: string | false,
  current: () => Session | undefined,
  readySession: () => Promise<Session | undefined>,
  refresh: (stale: Session) => Promise<void> | undefined,
): typeof fetch {
  return async (input, init = {}) => {
    // Of a text or a URL it is undefined.
    const { url = input as string, headers: own, clone } = input as Request
    const { origin } = new URL(url, globalThis.location?.href)
    const headers = new Headers(init.headers ?? own)
    if (!trusted.includes(origin) || headers.has('authorization')) return send(input, init)

    const used = await readySession()
    const again = clone?.call(input) ?? input
    const answer = await sendAs(input)
    if (answer.status !== 401 || !used) return answer
    const reason = await reasonOf(answer)
    // Only /refresh can say that the session is over. When it does, whoever gets this 401 finds nobody logged in.
    if (/revoked"?$/.test(reason)) await refresh(used)?.catch(() => {})
    if (!/^(token_expired|missing_token|Bearer (realm="signet"|.*"Token expired"))$/.test(reason)) return answer
    await refresh(used)
    const body = Object(init.body)
    if (!current() || current() === used || body.getReader || body[Symbol.asyncIterator]) return answer // a stream cannot be sent again
    answer.body?.cancel()
    return sendAs(again)

    /** Platforms take `Authorization` away when a redirect leads to another origin (Fetch standard, HTTP-redirect fetch). */
    function sendAs(target: RequestInfo | URL): Promise<Response> {
      const access = current()?.access
      if (access) headers.set('authorization', `Bearer ${access}`)
      return send(target, { ...(origin === cookieOrigin && { credentials: 'include' }), ...init, headers })
    }
  }
}

/** The problem's code; or the challenge, for nginx gives an answer of Signet a body of its own. */
async function reasonOf(response: Response): Promise<string> {
  const { code } = jsonOf(await response.clone().text().catch(String))
  return String(code ?? response.headers.get('www-authenticate'))
}
