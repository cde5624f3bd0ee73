/** What mail needs, where it is configured: a mistake in it stops the start. Otherwise nothing of it is even loaded. */
import fp from 'fastify-plugin'
import type { Mailing } from '../src/mail/mailing.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly mailing: Mailing | undefined
  }
}

export default fp(
  async app => {
    const { config, clock } = app
    if (!config.mail) return void app.decorate('mailing', undefined)
    const { openMailing } = await import('../src/mail/mailing.ts')
    app.decorate('mailing', await openMailing(config.mail, clock))
  },
  { name: 'mail' },
)
