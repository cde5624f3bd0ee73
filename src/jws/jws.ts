/**
 * A key as a value: what signs and what checks with one key and one algorithm (RFC 8725 section 3.1). `@fastify/jwt` does
 * both for asymmetric keys and signs HS256; Node's own HMAC checks that. Claims, their time and their meaning are judged
 * elsewhere. This file alone of the domain knows Fastify: the library is a plugin, so each key has a private instance that
 * never listens, and that is what gives a synchronous signer and checker.
 */
import { isBase64url, splitCompactJws } from './compact-jws.ts'
import { createHmacCheck } from './hmac.ts'

export type AsymmetricAlgorithm = 'ES256' | 'EdDSA' | 'RS256'
export type Algorithm = 'HS256' | AsymmetricAlgorithm

export interface Jws {
  readonly kid: string
  readonly alg: Algorithm
  /** Returns the compact serialization (RFC 7515 section 3.1); equal claims give equal tokens, ES256 aside. */
  sign(claims: object): string
  /** Whether the signature is this key's, and written in the one way it can be (RFC 7515 section 5.2). */
  isSigned(token: string): boolean
}

/** `typ` is the media type in the header (RFC 7515 section 4.1.9). Without a private half the key only checks. */
export type JwsOptions = { readonly kid: string; readonly typ: string } & (
  | { readonly alg: 'HS256'; readonly secret: string }
  | { readonly alg: AsymmetricAlgorithm; readonly publicPem: string; readonly privatePem?: string | undefined }
)

/** @throws {Error} when the key is not one of its algorithm */
export async function createJws(options: JwsOptions): Promise<Jws> {
  const { kid, alg, typ } = options
  // Loaded with the first key: most commands have none, and it is a quarter of what they load.
  const [{ default: Fastify }, { default: fastifyJwt }] = await Promise.all([import('fastify'), import('@fastify/jwt')])
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
