/**
 * The tokens in links: `<row id>.<HMAC>`. The HMAC is over what the row and the user say now, so that a link dies with
 * what it was made for, and a copy of the database opens nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { deriveKey } from '../keys/secret.ts'
import type { Mail, User } from '../stores/stores.ts'

export interface MailLinks {
  /** @param user whom it is about; undefined where there is no account yet */
  tokenOf(mail: Mail, user: User | undefined): string
  /** Whether this is the token of that mail, as of now, under the secret or one of its fallbacks. */
  isTokenOf(token: string, mail: Mail, user: User | undefined): boolean
}

const form = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/

/** The id of the row a token is of, or undefined when it is no token. */
export function rowOf(token: string): string | undefined {
  return form.exec(token)?.[1]
}

/** @param secrets the first makes tokens, all check them */
export function createMailLinks(secrets: readonly [string, ...string[]], salt: Buffer): MailLinks {
  const [first, ...others] = secrets
  const key = deriveKey(first, salt, 'signet mail link')
  const formerKeys = others.map(secret => deriveKey(secret, salt, 'signet mail link'))

  return {
    tokenOf: (mail, user) => `${mail.id}.${macOf(key, mail, user).toString('base64url')}`,
    isTokenOf(token, mail, user) {
      if (rowOf(token) !== mail.id) return false
      const given = Buffer.from(token.slice(mail.id.length + 1), 'base64url')
      return [key, ...formerKeys].some(one => timingSafeEqual(macOf(one, mail, user), given))
    },
  }
}

function macOf(key: Buffer, { id, purpose, userId, address }: Mail, user: User | undefined): Buffer {
  const setsPassword = purpose === 'reset' || purpose === 'invite'
  const parts = [purpose, id, userId, address, setsPassword ? (user?.credentialsVersion ?? null) : null]
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest()
}
