import type { FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { createAuthenticate, createRequireFresh, createRequireRole, type Hook } from './hooks.ts'
import { createKeys } from './keys.ts'
import { type SignetOptions, settingsOf } from './options.ts'
import { createRevocations } from './revocations.ts'
import type { Time } from './time.ts'
import type { SignetUser } from './user.ts'
import { createVerifier } from './verifier.ts'

export interface Signet {
  /** Seconds since it was last known who logged out; Infinity before the first time, and without `resourceServer`. */
  readonly staleSeconds: number
  /** For a readiness check: the keys are there, and it is known who logged out, if that is followed. */
  isReady(): boolean
}

declare module 'fastify' {
  interface FastifyInstance {
    /** An `onRequest` hook: sets `request.user`, or answers in Signet's words. */
    readonly authenticate: Hook
    /** @returns a hook that lets only users with one of these roles pass */
    readonly requireRole: (...roles: string[]) => Hook
    /** @returns a hook that lets only users pass who logged in, or confirmed who they are, so many seconds ago or less */
    readonly requireFresh: (seconds: number) => Hook
    readonly signet: Signet
  }
  interface FastifyRequest {
    /** Who is asking; there behind `authenticate`. */
    user: SignetUser
  }
}

/** The plugin, by this time. What it decorates belongs to the scope it is registered in, and those within. */
export function signetWith(time: Time): FastifyPluginCallback<SignetOptions> {
  return fp<SignetOptions>(
    async (app, options) => {
      const settings = settingsOf(options)
      const { url, secrets, resourceServer, staleAfter } = settings
      const keys = secrets.length > 0 ? undefined : createKeys(url, time, app.log)
      const feed = resourceServer && createRevocations(url, resourceServer, time, app.log)
      if (!keys)
        app.log.warn(
          'fastify-signet: whoever has this secret can make tokens; with JWT_ALGORITHM=ES256 nobody needs it',
        )

      app.decorateRequest('user', null as unknown as SignetUser)
      app.decorate('authenticate', createAuthenticate(createVerifier(settings, keys, feed, time), options.getToken))
      app.decorate('requireRole', createRequireRole)
      app.decorate('requireFresh', seconds => createRequireFresh(time, seconds))
      app.decorate('signet', {
        get staleSeconds() {
          return feed?.age() ?? Number.POSITIVE_INFINITY
        },
        isReady: () => keys?.areKnown !== false && (!feed || feed.age() < staleAfter),
      })

      // A Signet that is away must not keep the service from starting.
      app.addHook('onReady', async () => void (await Promise.all([keys?.load(), feed?.start()])))
      app.addHook('onClose', async () => {
        keys?.stop()
        feed?.stop()
      })
    },
    { name: 'fastify-signet', fastify: '5.x' },
  )
}
