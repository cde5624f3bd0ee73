/** Where audit events go: each is one line of the log, and news for whoever else listens. */
import fp from 'fastify-plugin'
import { type Audit, auditTo } from '../src/base/audit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly audit: Audit
    /** Tells every event from now on to this listener too, which must not throw. */
    onAudit(listener: Audit): void
  }
}

export default fp(
  async app => {
    const listeners = [auditTo(app.log)]
    app.decorate('audit', event => {
      for (const tell of listeners) tell(event)
    })
    app.decorate('onAudit', listener => void listeners.push(listener))
  },
  { name: 'audit' },
)
