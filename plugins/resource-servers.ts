import fp from 'fastify-plugin'
import { createResourceServers, type ResourceServers } from '../src/wire/resource-servers.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly resourceServers: ResourceServers
  }
}

export default fp(
  async app => void app.decorate('resourceServers', createResourceServers(app.config.resourceServers)),
  {
    name: 'resource-servers',
  },
)
