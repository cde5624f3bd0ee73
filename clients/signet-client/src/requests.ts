import { type Session, sessionOf, storedSession } from './session.ts'
import { SignetError } from './signet-error.ts'
import type { Time } from './time.ts'

export type Json = Record<string, unknown>

/** What is asked of Signet itself. @param base where it is @param send knows no user */
export function createRequests(base: string, isBearer: boolean, send: typeof fetch, time: Time) {
  return { call, callForSession }

  /** @param by `send`, or what sends it as the user @throws SignetError */
  async function call(
    by: typeof fetch,
    path: string,
    method: string,
    body?: Json | false,
    signal?: AbortSignal,
  ): Promise<Json> {
    const { answer } = await answerOf(
      by(base + path, {
        method,
        // Signet redirects nobody, and a 307 would carry the secret in the body to wherever it points.
        redirect: 'error',
        credentials: isBearer ? 'omit' : 'include',
        keepalive: by === send, // lives on when the page goes: no answer with cookies is lost, no logout either
        signal: signal!,
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
    )
    return answer
  }

  /** For what a login or a refresh is answered with. @throws SignetError */
  async function callForSession(path: string, body: Json | false, signal?: AbortSignal): Promise<Session> {
    const at = time.date() // the token was made some time after this
    const answer = await call(send, path, 'POST', body, signal)
    const lifetime = Number(answer['expires_in']) * 1000
    const next = isBearer
      ? storedSession(time, JSON.stringify({ ...answer, at }))
      : lifetime && sessionOf(time, lifetime, at)
    return next || unreachable() // something in between has answered
  }
}

/** @throws SignetError when no whole answer comes, or a refusal */
export async function answerOf(asked: Promise<Response>): Promise<{ readonly status: number; readonly answer: Json }> {
  const response = await asked.catch(unreachable)
  const answer = jsonOf(await response.text().catch(unreachable))
  if (!response.ok) throw new SignetError(response, answer)
  return { status: response.status, answer }
}

export function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

function unreachable(cause?: unknown): never {
  throw cause instanceof SignetError ? cause : new SignetError(undefined, {}, cause)
}
