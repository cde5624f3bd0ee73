/** Two users and a session of the first, in an empty database of an engine. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { NewSession, NewUser, Session, SessionView, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

export const policy = { idleSeconds: 1000, raceWindowSeconds: 30 }

export function user(name: string): NewUser {
  return { userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: null }
}

export function session(changes: Partial<NewSession> = {}): NewSession {
  const sid = randomBytes(16).toString('base64url')
  const lives = { idleSeconds: policy.idleSeconds, maxAgeSeconds: 10_000 }
  return { sid, userId: 'id-a', ...lives, ip: '192.0.2.1', userAgent: 'a browser', ...changes }
}

export async function seeded(t: Test, engine: Engine) {
  const clock = movableClock()
  const opened = await engine.open(t, clock)
  await opened.stores.users.seed([user('a'), user('b')])
  return { ...opened, clock }
}

export async function create(stores: Stores, changes: Partial<NewSession> = {}): Promise<Session> {
  const view = (await stores.sessions.create(session(changes), 0)) as SessionView
  return view.session
}

export async function withSession(t: Test, engine: Engine) {
  const opened = await seeded(t, engine)
  return { ...opened, created: await create(opened.stores) }
}
