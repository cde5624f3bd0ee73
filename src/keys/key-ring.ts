/**
 * The keys of this instance: which one signs, and which ones verify. Access tokens are signed with the secret itself, so
 * that others can be given it; refresh tokens with a key derived from it, so that whoever verifies access tokens can
 * neither make nor mistake a refresh token.
 */
import { deriveKey } from './secret.ts'

export type TokenType = 'at+jwt' | 'rt+jwt'

/** One key with its one algorithm (RFC 8725 section 3.1). */
export interface Jws {
  readonly kid: string
  readonly alg: string
  /** Returns the compact serialization (RFC 7515 section 3.1); equal claims give equal tokens. */
  sign(claims: object): string
  /** @throws whatever the library throws when the signature is not ours */
  verify(token: string): void
}

export interface JwsOptions {
  readonly kid: string
  readonly alg: 'HS256'
  readonly typ: TokenType
  readonly secret: string
}

export type CreateJws = (options: JwsOptions) => Promise<Jws>

export interface KeyRing {
  /** The key that signs tokens of this type. */
  signer(typ: TokenType): Jws
  /** The key with this `kid`, for tokens of this type. Unknown ones never cause a read. */
  find(typ: TokenType, kid: string): Jws | undefined
}

/**
 * @param secrets the first signs, all verify
 * @param salt 32 random bytes that belong to the database
 */
export async function createKeyRing(
  secrets: readonly [string, ...string[]],
  salt: Buffer,
  createJws: CreateJws,
): Promise<KeyRing> {
  const rings = { 'at+jwt': new Map<string, Jws>(), 'rt+jwt': new Map<string, Jws>() }
  const signers = {} as Record<TokenType, Jws>

  for (const secret of secrets) {
    const kid = deriveKey(secret, salt, 'signet kid', 9).toString('base64url')
    const refreshSecret = deriveKey(secret, salt, 'signet refresh token').toString('base64url')
    for (const [typ, key] of [['at+jwt', secret] as const, ['rt+jwt', refreshSecret] as const]) {
      const jws = await createJws({ kid, alg: 'HS256', typ, secret: key })
      rings[typ].set(kid, jws)
      signers[typ] ??= jws
    }
  }

  return {
    signer: typ => signers[typ],
    find: (typ, kid) => rings[typ].get(kid),
  }
}
