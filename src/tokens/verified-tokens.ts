/**
 * Tokens whose signature and claims were found good, so that presenting one again costs a look-up. It says nothing about
 * expiry or revocation: the caller checks both on every hit. Two generations of a Map keep it bounded in O(1). A token is
 * kept from the second time on, because to keep one costs as much as to verify it, and many are presented once.
 */
import type { AccessClaims } from './access-token.ts'

interface Entry {
  readonly token: string
  readonly claims: AccessClaims
}

export interface VerifiedTokens {
  get(token: string): AccessClaims | undefined
  /** Notes that this token was verified. */
  add(token: string, claims: AccessClaims): void
  clear(): void
}

export function createVerifiedTokens(size = 4096): VerifiedTokens {
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()
  const once = new Uint8Array(16 * size)
  let noted = 0

  function add(token: string, claims: AccessClaims): void {
    const mark = numberOf(token) % once.length
    if (once[mark] === 1) {
      keep(token, claims)
      return
    }
    if (noted === size) {
      once.fill(0)
      noted = 0
    }
    once[mark] = 1
    noted++
  }

  function keep(token: string, claims: AccessClaims): void {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(keyOf(token), { token, claims })
  }

  function get(token: string): AccessClaims | undefined {
    const key = keyOf(token)
    // The key finds the entry, the whole token proves it: another header or payload must not ride on it.
    const recent = young.get(key)
    if (recent?.token === token) return recent.claims
    const older = old.get(key)
    if (older?.token !== token) return undefined
    keep(token, older.claims)
    return older.claims
  }

  function clear(): void {
    young = new Map()
    old = new Map()
  }

  return { get, add, clear }
}

/** The end of the signature: as good as random, where hashing a whole token each time would cost more than the rest. */
function keyOf(token: string): string {
  return token.slice(-12)
}

/** Made of the signature. Where two tokens share a mark, the other one is kept a little early, and neither is ever left out. */
function numberOf(token: string): number {
  let number = 0
  for (let i = 1; i <= 8; i++) number = (Math.imul(number, 67) + token.charCodeAt(token.length - i)) | 0
  return number >>> 0
}
