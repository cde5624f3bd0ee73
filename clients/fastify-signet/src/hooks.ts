/** The hooks for routes: with callbacks, because a token seen before needs no promise. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Refusal, refuse } from './problem.ts'
import type { Time } from './time.ts'
import type { SignetUser } from './user.ts'
import type { Verifier } from './verifier.ts'

export type Hook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** Sets `request.user`, or answers 401 or 503. */
export function createAuthenticate(verifier: Verifier, getToken = bearerToken): Hook {
  return (request, reply, done) => {
    const failed = (error: Error) => (error instanceof Refusal ? refuse(reply, error) : done(error))
    const passed = (user: SignetUser) => {
      request.user = user
      done()
    }
    let found: SignetUser | Promise<SignetUser>
    try {
      const token = getToken(request)
      if (!token) throw new Refusal('missing_token', 'no bearer token was presented')
      found = verifier.authenticate(token)
    } catch (error) {
      return void failed(error as Error)
    }
    if (found instanceof Promise) found.then(passed, failed)
    else passed(found)
  }
}

/** Answers 403 unless the user has one of these roles. */
export function createRequireRole(...roles: string[]): Hook {
  if (roles.length === 0) throw new TypeError('fastify-signet: requireRole needs a role')
  const code = roles.length === 1 && roles[0] === 'admin' ? 'admin_required' : 'role_required'
  return withUser((user, reply, done) => {
    if (roles.includes(user.role)) return done()
    refuse(reply, new Refusal(code, 'the role is another one'))
  })
}

/** Signet's clock and this one differ a little. One that was far ahead must not make a login young for ever. */
const aheadSeconds = 30

/** Answers 401 (RFC 9470) unless the user has proved who they are in the last so many seconds, and the token says so. */
export function createRequireFresh(time: Time, seconds: number): Hook {
  if (!Number.isInteger(seconds) || seconds < 0) throw new TypeError('fastify-signet: requireFresh needs whole seconds')
  return withUser((user, reply, done) => {
    const age = time.date() - (user.auth_time ?? Number.NEGATIVE_INFINITY)
    if (age <= seconds && age >= -aheadSeconds) return done()
    refuse(reply, new Refusal('fresh_login_required', 'the login is too old, or the token does not say'), seconds)
  })
}

/** A route that forgot `authenticate` lets nobody pass. */
function withUser(act: (user: SignetUser, reply: FastifyReply, done: () => void) => void): Hook {
  return ({ user }, reply, done) => {
    if (!user) return done(new Error('fastify-signet: authenticate must come first'))
    act(user, reply, done)
  }
}

function bearerToken({ headers: { authorization = '' } }: FastifyRequest): string | undefined {
  if (authorization.startsWith('Bearer ') && authorization[7] !== ' ') return authorization.slice(7)
  return /^bearer +(.+)$/i.exec(authorization)?.[1]
}
