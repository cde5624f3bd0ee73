import fp from 'fastify-plugin'
import { openStores } from '../src/engines/open-stores.ts'
import type { Stores } from '../src/stores/stores.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly stores: Stores
  }
}

export default fp(
  async app => {
    const stores = await openStores(app.config, app.clock, { mayBeAway: true })
    app.decorate('stores', app.metrics?.watchStores(stores) ?? stores)
    app.addHook('onClose', () => stores.close())
  },
  { name: 'stores', dependencies: ['metrics'] },
)
