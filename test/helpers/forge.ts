/** Tokens made by hand with node:crypto, so that an attack can sign what the service itself never would. */
import { createHmac, hkdfSync } from 'node:crypto'
import type { FastifyInstance } from 'fastify'

/** Text and bytes go in as they are (so they may be broken JSON), objects as JSON. */
export type Content = string | Buffer | object

export function encodePart(content: Content): string {
  const isRaw = typeof content === 'string' || Buffer.isBuffer(content)
  return Buffer.from(isRaw ? content : JSON.stringify(content)).toString('base64url')
}

/** A compact JWS (RFC 7515 section 3.1) whose signature is right for this key, whatever its header says. */
export function forge(header: Content, claims: Content, key: string | Buffer, hash = 'sha256'): string {
  return signInput(`${encodePart(header)}.${encodePart(claims)}`, key, hash)
}

export function signInput(input: string, key: string | Buffer, hash = 'sha256'): string {
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`
}

/** The key of refresh tokens: HKDF of the secret (RFC 5869), used in its base64url form. */
export function refreshKeyOf({ config, stores }: FastifyInstance): string {
  const key = hkdfSync('sha256', config.secrets[0], stores.salt, 'signet refresh token', 32)
  return Buffer.from(key).toString('base64url')
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Other last characters that lenient decoders read as the same bytes (RFC 4648 section 3.5). */
export function aliasesOf(part: string): string[] {
  const unusedBits = (part.length * 6) % 8
  const last = alphabet.indexOf(part.slice(-1))
  return [...alphabet]
    .filter((_, value) => value !== last && value >> unusedBits === last >> unusedBits)
    .map(character => part.slice(0, -1) + character)
}

/** The text with another base64url character at `offset`. */
export function changeCharacter(text: string, offset: number): string {
  const other = text[offset] === 'A' ? 'B' : 'A'
  return text.slice(0, offset) + other + text.slice(offset + 1)
}
