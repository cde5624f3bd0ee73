/** A user with an authenticator app, as a client sees it: a secret, its codes, and a login in two steps. */
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import type { TestApp } from './app.ts'

/** RFC 4648 section 6, as an app reads what was typed. */
export function fromBase32(text: string): Buffer {
  const bits = [...text].map(letter => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)))
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Requests with an access token. */
export function asUser({ app }: Pick<TestApp, 'app'>, token: string) {
  return (method: Method, url: string, body?: object) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(body && { body }) })
}

/** Two requests at most, as anybody writes them with curl. */
export function steps({ app }: Pick<TestApp, 'app'>) {
  const post = (url: string, body: object) => app.inject({ method: 'POST', url, body })
  return {
    /** @returns the answer to the password, with the challenge if there is one */
    first: async (username = 'maria', password = 'demo123', more: object = {}) =>
      post('/login', { username, password, ...more }),
    second: (challenge: string, code: string, more: object = {}) =>
      post('/login/second-factor', { challenge, code, ...more }),
  }
}

/** Enrols an app for a user of the practice, and lets its first code grow old. */
export async function enrolled(service: TestApp, username = 'maria') {
  const tokens = await service.logIn(username)
  const ask = asUser(service, tokens.access_token)
  const begun = (await ask('POST', '/me/totp')).json() as { secret: string; uri: string; qr: string }
  const code = (stepsAhead = 0) => codeOf(fromBase32(begun.secret), stepAt(service.clock()) + stepsAhead)
  const confirmed = await ask('POST', '/me/totp/confirm', { code: code() })
  if (confirmed.statusCode !== 200) throw new Error(`the app was not confirmed: ${confirmed.body}`)
  const recoveryCodes = confirmed.json().recovery_codes as string[]
  service.clock.advance(60)

  const { first, second } = steps(service)
  const challenge = async () => String((await first(username)).json().challenge)
  /** A whole login, with a code that was not used before. */
  async function logIn(): Promise<TokenResponse> {
    service.clock.advance(30)
    const answer = await second(await challenge(), code())
    if (answer.statusCode !== 200) throw new Error(`the second step answered ${answer.body}`)
    return answer.json()
  }
  return { ...begun, tokens, ask, code, recoveryCodes, challenge, logIn, first, second }
}
