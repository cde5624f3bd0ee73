/** Secrets that are no secrets: they stand in lists and tutorials on the net, or are the hash of something trivial. */
import { createHash } from 'node:crypto'
import data from './known-secrets-data.ts'

/**
 * Whether everybody has this secret, also in the other case of its letters or with something put before or behind it.
 * To add one: `printf %s SECRET | openssl dgst -sha256 -binary | head -c 6 | base64`.
 */
export function isKnownSecret(secret: string): boolean {
  const known = new Set(data.replaceAll('\n', '').match(/.{8}/g))
  const isKnown = (text: string) => known.has(createHash('sha256').update(text).digest('base64').slice(0, 8))
  if ([secret, secret.toLowerCase(), secret.toUpperCase()].some(isKnown)) return true
  for (let cut = 1; cut <= Math.min(mostAdded, secret.length - 32); cut++) {
    if (isKnown(secret.slice(cut)) || isKnown(secret.slice(0, -cut))) return true
  }
  return false
}

/** Characters that are taken away at either end: beyond that, what was added is judged on its own. */
const mostAdded = 64

/** Whether these bytes are the hash of something that is tried first. */
export function isTrivialHash(bytes: Buffer): boolean {
  const algorithms = { 16: 'md5', 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' }[bytes.length]
  return algorithms !== undefined && trivial.some(text => createHash(algorithms).update(text).digest().equals(bytes))
}

const trivial = [
  ...'secret password test admin changeme jwt key token signet mysecret secretkey supersecret jwtsecret jwt-secret'.split(
    ' ',
  ),
  ...'mysecretkey my_secret_key secret_key Secret Password Password1 Password123 admin123 passw0rd test123'.split(' '),
  ...'my-secret secret-key jwt_secret SECRET JWT_SECRET_KEY your-256-bit-secret topsecret hello foo bar root'.split(
    ' ',
  ),
  ...'123 1234 12345 123456 12345678 123456789 1234567890 0 1 qwerty letmein default example dev prod'.split(' '),
  ...['', ' ', '\n', 'hello world', 'Hello World', 'secret\n', 'password\n', 'test\n'],
]
