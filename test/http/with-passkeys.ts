/** The service with second factors on, and users who add a passkey by an authenticator in software. */
import type { Test } from 'tap'
import { type Overrides, testApp } from '../helpers/app.ts'
import { asUser, steps } from '../helpers/authenticator.ts'
import { createAuthenticator, type Says } from '../helpers/passkey.ts'

export const usual = { origin: 'http://localhost:3000', rpId: 'localhost' }

export async function withPasskeys(t: Test, overrides: Overrides = {}) {
  const service = await testApp(t, { secondFactor: 'optional', ...overrides })
  const post = (url: string, body?: object) => service.app.inject({ method: 'POST', url, ...(body && { body }) })
  /** Adds a passkey of this user, in a session that stays. */
  async function enrolled(username = 'maria', says: Says = {}) {
    const tokens = await service.logIn(username)
    const ask = asUser(service, tokens.access_token)
    const key = createAuthenticator({ ...usual, ...says })
    const options = (await ask('POST', '/me/passkeys/options')).json()
    const added = await ask('POST', '/me/passkeys', { name: 'my phone', response: key.create(options) })
    if (added.statusCode !== 201) throw new Error(`the passkey was not added: ${added.body}`)
    return { key, tokens, ask, added: added.json() }
  }
  return { ...service, ...steps(service), post, enrolled }
}
