/**
 * Users of tokens whose signature and claims were found good, so that presenting one again costs a look-up. It says nothing
 * about expiry or revocation. Two generations of a Map keep it bounded in O(1).
 */
import type { SignetUser } from './user.ts'

interface Entry {
  readonly token: string
  readonly user: SignetUser
}

export function createSeen(size = 4096) {
  let young = new Map<string, Entry>()
  let old = new Map<string, Entry>()

  function add(token: string, user: SignetUser): void {
    if (young.size >= size) {
      old = young
      young = new Map()
    }
    young.set(keyOf(token), { token, user })
  }

  function get(token: string): SignetUser | undefined {
    const key = keyOf(token)
    const recent = young.get(key)
    // The key finds the entry, the whole token proves it: another header or payload must not ride on it.
    if (recent?.token === token) return recent.user
    const older = old.get(key)
    if (older?.token !== token) return undefined
    add(token, older.user)
    return older.user
  }

  function clear(): void {
    young = new Map()
    old = new Map()
  }

  return { add, get, clear }
}

/** The end of the signature: as good as random. */
const keyOf = (token: string) => token.slice(-12)
