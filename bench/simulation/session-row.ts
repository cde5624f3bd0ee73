/** The session's row and its writes, as the stores do them, around the service's own decision. */
import { decideRefresh, retryWindowIsOver } from '../../src/sessions/session.ts'
import type { Session, User } from '../../src/stores/stores.ts'
import type { Rule } from './rules.ts'

export interface Token {
  readonly sid: string
  readonly gen: number
}

export interface SessionRow {
  readonly isOver: boolean
  /** @returns the session's current token, or undefined when the answer is 401 */
  present(token: Token, time: number): Token | undefined
}

const user: User = {
  userId: 'user-1',
  username: 'somebody',
  email: null,
  emailVerified: false,
  role: 'user',
  passwordHash: null,
  foreignHash: false,
  disabled: false,
  credentialsVersion: 0,
  createdAt: 0,
  secondFactors: [],
}

export function createSession(sid: string, rule: Rule, time: number, onRotation: () => void = () => {}): SessionRow {
  let session = newSession(sid, Math.floor(time))

  /** Whole seconds, as the service counts. */
  function present(token: Token, time: number): Token | undefined {
    const now = Math.floor(time)
    const decision = decideRefresh({ session, user, now }, token.gen, rule)
    if (decision === 'rotate') {
      session = { ...session, generation: session.generation + 1, rotatedAt: now }
      onRotation()
    } else if (decision === 'retry') {
      const restart = retryWindowIsOver(session, now)
      const counted = restart ? { retries: 1, retriesSince: now } : { retries: session.retries + 1 }
      session = { ...session, ...counted, retriedAt: now }
    } else if (decision === 'repeat') {
      if (rule.slides) session = { ...session, rotatedAt: now }
    } else {
      session = { ...session, revokedAt: now }
      return undefined
    }
    return { sid, gen: session.generation }
  }

  return {
    get isOver() {
      return session.revokedAt !== null
    },
    present,
  }
}

function newSession(sid: string, createdAt: number): Session {
  const never = Number.MAX_SAFE_INTEGER // expiry is not what is studied here
  return {
    sid,
    userId: user.userId,
    createdAt,
    generation: 0,
    rotatedAt: null,
    retriedAt: null,
    retries: 0,
    retriesSince: null,
    expiresAt: never,
    maxExpiresAt: never,
    revokedAt: null,
    revokeReason: null,
    ip: null,
    userAgent: null,
    authTime: createdAt,
    amr: ['pwd'],
  }
}
