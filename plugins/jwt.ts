/**
 * `@fastify/jwt` signs and verifies. One registration per key, on a private instance that never listens, because only
 * that gives a synchronous signer and verifier bound to one key and one algorithm. Claims and time are judged by us, and
 * so is the HMAC: the library's way to it takes five times as long.
 */
import fastifyJwt from '@fastify/jwt'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { createHmacCheck } from '../src/keys/hmac.ts'
import type { CreateJws } from '../src/keys/key-ring.ts'
import { isBase64url, splitCompactJws } from '../src/tokens/compact-jws.ts'

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
  const isSigned =
    'secret' in options
      ? createHmacCheck(options.secret)
      : (token: string) => isBase64url(splitCompactJws(token).signature) && verifies(verify, token)
  return { kid, alg, sign: claims => sign(claims), isSigned }
}

/** The library throws for whatever is wrong, and not only with its own errors. */
function verifies(verify: (token: string) => unknown, token: string): boolean {
  try {
    verify(token)
    return true
  } catch {
    return false
  }
}
