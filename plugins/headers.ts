/** The headers every answer has. Routes that may be cached or show a page override theirs. */
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'

const needsHost = { pointer: '', detail: 'must have a Host header' }

declare module 'fastify' {
  interface FastifyInstance {
    readonly commonHeaders: Readonly<Record<string, string>>
  }
}

export default fp(
  async app => {
    const headers = {
      'cache-control': 'no-store',
      pragma: 'no-cache', // RFC 6749 section 5.1 asks for it beside no-store
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      ...(app.config.publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
    }
    app.decorate('commonHeaders', headers)
    app.addHook('onRequest', ({ headers: { host }, raw }, reply, done) => {
      reply.headers(headers)
      if (host !== undefined || raw.httpVersion === '1.0') return done()
      reply.header('connection', 'close') // RFC 9112 section 3.2; Node's own answer would be empty
      done(new SignetError('invalid_request', 'no Host header', { mistakes: [needsHost] }))
    })
  },
  { name: 'headers' },
)
