/** The `authenticate` hook. Pass it in the array form, so that a missing decorator fails at start. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { asThrown } from '../src/base/thrown.ts'
import type { AccessClaims } from '../src/tokens/access-token.ts'
import { freshSeconds, requireFresh } from '../src/tokens/freshness.ts'
import type { TokenVerifier } from '../src/tokens/token-verifier.ts'
import { bearerToken, saysBearer } from '../src/wire/bearer.ts'

type SyncHook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void

declare module 'fastify' {
  interface FastifyInstance {
    readonly authenticate: SyncHook
    /** The same where a token may be left out; one that is given must be good. */
    readonly authenticateIfGiven: SyncHook
    /** The same, and lets those pass too who must add a second factor first. */
    readonly authenticateToEnrol: SyncHook
    /** Behind `authenticate`: lets administrators pass. */
    readonly requireAdmin: SyncHook
    /** Behind `authenticate`: lets those pass who proved who they are in the last five minutes. */
    readonly requireFresh: SyncHook
  }
  interface FastifyRequest {
    /** Who is asking; set by `authenticate`, so only behind it. Null behind `authenticateIfGiven` without a token. */
    claims: AccessClaims
  }
}

export default fp(
  async app => {
    const { tokenCookies } = app
    let verifier: TokenVerifier | undefined
    app.decorateRequest('claims', null as unknown as AccessClaims)
    // Synchronous with `done`: a promise per request would cost more than the verification.
    const authenticate = (mayEnrol?: 'mayEnrol') =>
      ((request, _reply, done) => {
        try {
          const cookie = request.headers.cookie === undefined ? undefined : tokenCookies.read(request).access
          verifier ??= app.verifier
          request.claims = verifier.authenticate(cookie ?? bearerToken(request.headers.authorization), mayEnrol)
          done()
        } catch (error) {
          done(asThrown(error))
        }
      }) satisfies SyncHook
    app.decorate('authenticate', authenticate())
    app.decorate('authenticateToEnrol', authenticate('mayEnrol'))
    app.decorate('authenticateIfGiven', function (this: FastifyInstance, request, reply, done) {
      const { authorization, cookie } = request.headers
      const isGiven =
        saysBearer(authorization) || (cookie !== undefined && tokenCookies.read(request).access !== undefined)
      // Who must enrol may: no factor can be added while the address is not proven, and a page cannot leave its cookie out.
      return isGiven ? app.authenticateToEnrol.call(this, request, reply, done) : done()
    } satisfies SyncHook)
    const guards = [app.authenticate, app.authenticateToEnrol, app.authenticateIfGiven]
    // Bodies come when their sender likes: whose session has ended meanwhile does nothing any more. And what changes something
    // asks the database as well, because another instance may have ended the session within the second.
    app.addHook('onRoute', route => {
      const guard = [route.onRequest ?? []].flat().find(hook => guards.includes(hook as SyncHook)) as
        | SyncHook
        | undefined
      const hasBody = [route.method].flat().some(method => method !== 'GET' && method !== 'HEAD')
      if (guard && hasBody) route.preHandler = [guard, requireNotEnded, ...[route.preHandler ?? []].flat()]
    })
    async function requireNotEnded({ claims }: FastifyRequest): Promise<void> {
      if (claims) await app.sessions.requireNotEnded(claims.sid)
    }
    app.decorate('requireAdmin', ((request, _reply, done) => {
      done(request.claims.role === 'admin' ? undefined : new SignetError('admin_required', 'the role is not admin'))
    }) satisfies SyncHook)
    app.decorate('requireFresh', ((request, _reply, done) => {
      try {
        requireFresh(request.claims, app.clock(), freshSeconds)
        done()
      } catch (error) {
        done(error as Error)
      }
    }) satisfies SyncHook)
  },
  { name: 'authenticate', dependencies: ['services', 'cookies'] },
)
