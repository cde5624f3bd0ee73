/**
 * The judgement whether a secret is good enough to sign with. Nobody can tell random from not random by looking at it, but
 * what people make up can be told: it is short, known, made of words, or goes on as it began.
 */
import { isKnownSecret, isTrivialHash } from './known-secrets.ts'
import { type Kind, remainderOf } from './predictable.ts'

const minimumBytes = 32

/** The end of every message about a secret. */
export const howToMakeASecret = 'make one with: openssl rand -base64 48'

/** Why a secret must not be used, in words without the secret, or undefined when nothing is wrong with it. */
export function secretWeakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret, 'utf8') < minimumBytes) return `is shorter than ${minimumBytes} bytes`
  if (/[\0\uFFFD]/.test(secret)) return 'is not text; random bytes must be written in base64 or hex'
  if (secret.includes(',')) return 'contains a comma, so it could never be listed in JWT_SECRET_KEY_FALLBACK'
  if (aDocument.test(secret)) return 'looks like a PEM or JWK key or a token; it must be a random string'
  if (new Set(secret).size < 8) return 'has too few different characters'
  if (repeatsItself(secret)) return 'repeats itself'
  if (isKnownSecret(secret)) return 'is a well-known example'
  return weaknessOf(secret)
}

const aDocument = /-----BEGIN|^\s*[{[]\s*"|^eyJ[\w-]*\.eyJ/

const reasons: Record<Kind, string> = {
  words: 'is made of ordinary words',
  repeats: 'is made of a piece that repeats itself',
  sequence: 'is a sequence',
}

/**
 * What an attacker has to guess at least, in bits as `entropy` counts them. What people make up stays below. Of 15,000
 * random secrets the worst kept 131 (32 bytes in base64) or 68 (16 bytes in hex, which are fewer bits and repeat more).
 */
const minimumBits = { text: 64, hex: 48 }

/** Longer ones are judged by both their ends, because the work grows faster than the text. */
const mostJudged = 256

function weaknessOf(text: string, depth = 0): string | undefined {
  if (text.length > mostJudged) return weaknessOf(text.slice(0, mostJudged)) && weaknessOf(text.slice(-mostJudged))
  for (const reading of new Set([text, withoutLeet(text), backwards(text)])) {
    const { characters, kind } = remainderOf(reading, bitsOfAlphabet(reading))
    const enough = isLikeHex(reading) ? minimumBits.hex : minimumBits.text
    if (characters * entropy(reading) < enough) return reasons[kind]
  }
  return weaknessOfBytes(text) ?? weaknessOfDecoded(text, depth)
}

/** Bytes written in base64 or hex (also as 0x…, aa:bb:… or a UUID): may they count, or be the hash of something? */
function weaknessOfBytes(text: string): string | undefined {
  const hex = text.replace(/0x|[\s:-]/gi, '')
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(hex)
  if (!isHex && !/^[\w+/-]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(isHex ? hex : text, isHex ? 'hex' : 'base64')
  if (isTrivialHash(bytes)) return 'is the hash of a well-known text'
  const { characters, kind } = remainderOf(bytes.toString('latin1'), 8, false)
  return characters * 8 < minimumBits.text ? reasons[kind] : undefined
}

/** What stands in it in base64, hex or percent signs is judged as the text it encodes, when it is one. */
function weaknessOfDecoded(text: string, depth: number): string | undefined {
  const decoded = text.replace(/[\w+/-]{16,}={0,2}|(?:%[0-9a-f]{2})+/gi, piece => {
    const hex = piece.replaceAll('%', '')
    const inner = Buffer.from(hex, /^(?:[0-9a-f]{2})+$/i.test(hex) ? 'hex' : 'base64').toString('latin1')
    return /^[\x20-\x7e\s]+$/.test(inner) ? inner : piece
  })
  if (decoded === text || depth >= mostDecoded) return undefined
  return aDocument.test(decoded) ? 'is an encoded key or token' : weaknessOf(decoded, depth + 1)
}

/** Base64 of base64 of base64: nobody goes further. */
const mostDecoded = 3

/** Words are found in one direction only; what is written in hex has none. */
function backwards(text: string): string {
  return isLikeHex(text) ? text : [...text].reverse().join('')
}

/** p4$$w0rd is password. Hex is left alone, and so are numbers. */
function withoutLeet(text: string): string {
  if (isLikeHex(text)) return text
  return text.replace(/\d{3,}|[013457@$!]/g, found => leet[found] ?? found)
}

const leet: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' }

function isLikeHex(text: string): boolean {
  return !/[g-z]/i.test(text)
}

/** Bits of a character of the smallest usual alphabet that has them all; no generator writes small letters only. */
function bitsOfAlphabet(text: string): number {
  const parts: [RegExp, number][] = [
    [/\d/, 10],
    [/[a-f]/, 6],
    [/[g-z]/, 20],
    [/[A-F]/, 6],
    [/[G-Z]/, 20],
  ]
  const others = new Set(text.replace(/[A-Za-z0-9]/g, '')).size
  const size = parts.reduce((sum, [part, letters]) => sum + (part.test(text) ? letters : 0), others > 3 ? 33 : others)
  return Math.log2(Math.max(size, isLikeHex(text) ? 16 : 37))
}

/** Shannon's, in bits of one character: 0110100110010110 has one bit in each, whatever the alphabet. */
function entropy(text: string): number {
  const counts = new Map<string, number>()
  for (const one of text) counts.set(one, (counts.get(one) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

/** Whether the whole is one piece again and again, the last time perhaps not to its end. */
function repeatsItself(secret: string): boolean {
  const period = (secret + secret.slice(0, Math.ceil(secret.length / 2))).indexOf(
    secret.slice(0, Math.ceil(secret.length / 2)),
    1,
  )
  if (period < 1 || period > secret.length / 2) return false
  return secret.slice(period) === secret.slice(0, -period)
}
