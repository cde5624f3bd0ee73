/** A forger who knows our secret: takes issued tokens apart, signs what it likes, and says who believed it. */
import type { Test } from 'tap'
import type { TestApp } from './app.ts'
import { forge } from './forge.ts'
import { claimsOf, headerOf } from './tokens.ts'

const refusal = {
  status: 401,
  challenge: 'Bearer error="invalid_token", error_description="Invalid token"',
  problem: { type: 'about:blank', title: 'Unauthorized', status: 401, detail: 'Invalid token', code: 'invalid_token' },
}

export async function createForger({ app, logIn, me }: TestApp) {
  const secret = app.config.secrets[0]
  const issued = await logIn('maria')
  const header = headerOf(issued.access_token)
  const claims = claimsOf(issued.access_token)

  /** An access token with other claims or header members, signed with the real key; undefined leaves a member out. */
  function forgeAccess(otherClaims: object = {}, otherHeader: object = {}, key = secret): string {
    return forge({ ...header, ...otherHeader }, { ...claims, ...otherClaims }, key)
  }

  /** Everywhere a token can be presented, it is refused with the same words. */
  async function isRefused(t: Test, name: string, token: string): Promise<void> {
    const authorization = `Bearer ${token}`
    const answers = [
      await me(token),
      await app.inject({ method: 'POST', url: '/refresh', body: { refresh_token: token } }),
      await app.inject({ method: 'POST', url: '/logout', body: { refresh_token: token } }),
      await app.inject({ method: 'POST', url: '/logout', headers: { authorization } }),
    ]
    const told = answers.map(({ statusCode: status, headers, body }) => {
      return { status, challenge: headers['www-authenticate'], problem: JSON.parse(body) }
    })
    t.strictSame(told, [refusal, refusal, refusal, refusal], name)
  }

  async function areRefused(t: Test, attacks: Record<string, string>): Promise<void> {
    for (const [name, token] of Object.entries(attacks)) await isRefused(t, name, token)
  }

  return { secret, issued, header, claims, forgeAccess, isRefused, areRefused }
}

/** One attack for each value, named after it. */
export function byValue<V>(values: readonly V[], tokenOf: (value: V) => string): Record<string, string> {
  return Object.fromEntries(values.map(value => [nameOf(value), tokenOf(value)]))
}

/** The same JSON with the value of one member written as given, JSON or not. */
export function withRaw(object: object, member: string, text: string): string {
  return JSON.stringify({ ...object, [member]: '@' }).replace('"@"', () => text)
}

/** In ASCII, because a line separator in a name would break the lines of TAP. */
export function nameOf(value: unknown): string {
  const text = JSON.stringify(value) ?? 'left out'
  return text.slice(0, 80).replace(/[^ -~]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
