/** The headers every answer has. Routes that may be cached or show a page override theirs. */
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { type CommonHeaders, commonHeadersOf, hasCommonHeaders } from '../src/http/common-headers.ts'

const needsHost = { pointer: '', detail: 'must have a Host header' }

declare module 'fastify' {
  interface FastifyInstance {
    readonly commonHeaders: CommonHeaders
  }
}

export default fp(
  async app => {
    const headers = commonHeadersOf(app.config)
    app.decorate('commonHeaders', headers)
    app.addHook('onRequest', ({ headers: { host }, raw }, reply, done) => {
      if (!hasCommonHeaders(reply.raw)) reply.headers(headers)
      if (host !== undefined || raw.httpVersion === '1.0') return done()
      reply.header('connection', 'close') // RFC 9112 section 3.2; Node's own answer would be empty
      done(new SignetError('invalid_request', 'no Host header', { mistakes: [needsHost] }))
    })
  },
  { name: 'headers' },
)
