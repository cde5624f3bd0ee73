/** Users with addresses of their own, for the tests of what proves an address and what changes one. */
import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { type MailApp, mailApp } from './mail.ts'

export const password = 'a long sentence of mine'
export const day = 86_400
export const client = {
  ip: '192.0.2.1',
  network: '192.0.2.1',
  site: undefined,
  isExempt: false,
  isGone: false,
  userAgent: undefined,
}

export async function registered(made: MailApp, username: string, email: string): Promise<string> {
  const response = await made.post('/register', { username, password, email })
  if (response.statusCode !== 201) throw new Error(response.body)
  return response.json().user_id
}

/** Another session of a user, for what only one can ask for. */
export async function sessionOf({ stores }: MailApp['app'], sub: string) {
  const sid = randomUUID()
  const { credentialsVersion = 0 } = (await stores.users.findById(sub)) ?? {}
  const session = { sid, userId: sub, idleSeconds: day, maxAgeSeconds: day, ip: null, userAgent: null }
  await stores.sessions.create(session, credentialsVersion)
  return { sub, sid }
}

/** A user with a proven address who is logged in. */
export async function withAna(t: Test, overrides: Parameters<typeof mailApp>[1] = {}) {
  const made = await mailApp(t, overrides)
  const userId = await registered(made, 'ana', 'ana@example.com')
  await made.post('/email/verify', { token: await made.tokenTo('ana@example.com'), password })
  return { ...made, userId, tokens: await made.logIn('ana', password) }
}
