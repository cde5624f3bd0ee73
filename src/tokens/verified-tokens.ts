/**
 * Tokens whose signature and claims were found good, so that presenting one again costs a look-up. It says nothing about
 * expiry or revocation: the caller checks both on every hit. Two generations of a Map keep it bounded in O(1).
 */
import type { AccessClaims } from './access-token.ts'

interface Entry {
  readonly token: string
  readonly claims: AccessClaims
}

export interface VerifiedTokens {
  get(token: string): AccessClaims | undefined
  add(token: string, claims: AccessClaims): void
  clear(): void
}

export function createVerifiedTokens(size = 4096): VerifiedTokens {
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()

  function add(token: string, claims: AccessClaims): void {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(signatureOf(token), { token, claims })
  }

  function get(token: string): AccessClaims | undefined {
    const signature = signatureOf(token)
    const entry = young.get(signature) ?? old.get(signature)
    // The signature finds the entry, the whole token proves it: another header or payload must not ride on it.
    if (entry?.token !== token) return undefined
    if (!young.has(signature)) add(token, entry.claims)
    return entry.claims
  }

  function clear(): void {
    young = new Map()
    old = new Map()
  }

  return { get, add, clear }
}

/** Short and uniformly distributed, where hashing a whole token again and again would cost more than the rest. */
function signatureOf(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1)
}
