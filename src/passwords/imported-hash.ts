/** Hashes as other systems write them, turned into the forms that are stored (stored-hash.ts). */
import { formatPbkdf2 } from './pbkdf2-hash.ts'
import { formatScrypt } from './scrypt-hash.ts'
import { formatArgon2id, parseStoredHash } from './stored-hash.ts'

export type ReadHash = { readonly hash: string } | { readonly mistake: string }

/** Says what is wrong, and never repeats what was written. */
export function readImportedHash(written: string): ReadHash {
  if (/^\$[PH]\$/.test(written)) {
    return { mistake: 'is phpass ($P$), which is too weak to take over: this user needs a new password' }
  }
  const hash = written.length <= longest ? rewritten(written) : undefined
  if (hash && parseStoredHash(hash)) return { hash }
  return { mistake: 'is of no scheme that can be taken over, or too costly: see docs/moving-in.md' }
}

const longest = 2048

function rewritten(written: string): string | undefined {
  for (const [form, rewrite] of spellings) {
    const [whole, ...parts] = form.exec(written) ?? []
    if (whole !== undefined) return rewrite(...(parts as [string, string, string, string, string]))
  }
  return written.startsWith('{"') ? fromKeycloak(written) : written
}

type Rewrite = (...parts: [string, string, string, string, string]) => string | undefined

const spellings: readonly (readonly [RegExp, Rewrite])[] = [
  // Spring Security and LDAP name the scheme in braces.
  [/^\{(?:bcrypt|crypt|argon2)\}(\$.+)$/i, hash => hash],
  // Django: docs.djangoproject.com/en/stable/topics/auth/passwords
  [/^bcrypt\$(\$2.+)$/, hash => hash],
  [/^argon2(\$argon2id\$.+)$/, hash => hash],
  [
    /^pbkdf2_(sha1|sha256)\$(\d+)\$([^$]+)\$(.+)$/,
    (digest, rounds, salt, tag) => pbkdf2(digest, rounds, salt, base64(tag)),
  ],
  [/^scrypt\$(\d+)\$([^$]+)\$(\d+)\$(\d+)\$(.+)$/, (n, salt, r, p, tag) => scrypt(n, r, p, salt, base64(tag))],
  // Werkzeug: werkzeug.palletsprojects.com/en/stable/utils
  [
    /^pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]+)\$([0-9a-f]+)$/,
    (digest, rounds, salt, tag) => pbkdf2(digest, rounds, salt, hex(tag)),
  ],
  [/^scrypt:(\d+):(\d+):(\d+)\$([^$]+)\$([0-9a-f]+)$/, (n, r, p, salt, tag) => scrypt(n, r, p, salt, hex(tag))],
]

const base64 = (text: string) => Buffer.from(text, 'base64')
const hex = (text: string) => Buffer.from(text, 'hex')

function pbkdf2(digest: string, rounds: string, salt: string | Buffer, tag: Buffer): string {
  return formatPbkdf2({
    digest: digest as Parameters<typeof formatPbkdf2>[0]['digest'],
    rounds: Number(rounds),
    salt: Buffer.from(salt as string),
    tag,
  })
}

function scrypt(n: string, r: string, p: string, salt: string, tag: Buffer): string | undefined {
  const logN = Math.log2(Number(n))
  if (!Number.isInteger(logN)) return undefined
  return formatScrypt({ logN, blockSize: Number(r), parallelism: Number(p), salt: Buffer.from(salt), tag })
}

interface KeycloakCredential {
  readonly secretData?: string
  readonly credentialData?: string
}

/** A credential of a realm's export: two JSON documents, as texts, in one. Its Argon2 is argon2id unless it says otherwise. */
function fromKeycloak(written: string): string | undefined {
  try {
    const { secretData = '', credentialData = '' } = JSON.parse(written) as KeycloakCredential
    const { value, salt } = JSON.parse(secretData)
    const { algorithm, hashIterations: rounds, additionalParameters: more } = JSON.parse(credentialData)
    const ofPbkdf2 = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm)
    if (ofPbkdf2) return pbkdf2(ofPbkdf2[1] ?? 'sha1', rounds, base64(salt), base64(value))
    if (algorithm !== 'argon2' || more.type[0] !== 'id') return undefined
    return formatArgon2id({
      memoryKib: Number(more.memory[0]),
      passes: Number(rounds),
      parallelism: Number(more.parallelism[0]),
      salt: base64(salt),
      tag: base64(value),
    })
  } catch {
    return undefined
  }
}
