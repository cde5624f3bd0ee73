/** The first page: the lab, or else the documents, where there is either. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import fp from 'fastify-plugin'

const plugin: FastifyPluginAsyncTypebox = async app => {
  const { lab, docs } = app.config
  if (!lab && !docs) return
  // Relative: a gateway may have stripped a path. So only the address with a slash at its end is one.
  app.get('/', { schema: { hide: true }, prefixTrailingSlash: 'slash' }, (_request, reply) => {
    reply.redirect(lab ? 'lab' : 'docs')
  })
}

export default fp(plugin, { name: 'routes/home', encapsulate: true })
