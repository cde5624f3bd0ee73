/**
 * `@fastify/jwt` signs and verifies. One registration per key, on a private instance that never listens, because only
 * that gives a synchronous signer and verifier bound to one key and one algorithm. Claims and time are judged by us.
 */
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { CreateJws } from '../src/keys/key-ring.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly createJws: CreateJws
  }
}

export default fp(
  async app => {
    app.decorate('createJws', createJws)
  },
  { name: 'jwt' },
)

const createJws: CreateJws = async options => {
  const { kid, alg, typ } = options
  const host = Fastify()
  await host.register(fastifyJwt, {
    secret: 'secret' in options ? options.secret : { public: options.publicPem, private: options.privatePem ?? '' },
    sign: { algorithm: alg, header: { alg, typ, kid } },
    verify: { algorithms: [alg], checkTyp: typ, ignoreExpiration: true, ignoreNotBefore: true },
  })
  await host.ready()
  const { sign, verify } = host.jwt
  return { kid, alg, sign: claims => sign(claims), verify: token => void verify(token) }
}
