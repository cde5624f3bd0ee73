/**
 * scrypt (RFC 7914) in two forms: passlib's `$scrypt$ln=16,r=8,p=1$salt$tag`, and Firebase's own variant, which encrypts
 * a key of the project with what scrypt gives, as Supabase writes it: `$fbscrypt$v=1,n=14,r=8,p=1,ss=…,sk=…$salt$tag`.
 */
import { maximumMemoryKib } from './hash-bounds.ts'

export interface ScryptHash {
  readonly scheme: 'scrypt' | 'firebase'
  /** N is 2 to the power of this. */
  readonly logN: number
  readonly blockSize: number
  readonly parallelism: number
  /** With Firebase's separator behind it. */
  readonly salt: Buffer
  readonly tag: Buffer
  /** What Firebase encrypts. */
  readonly signerKey?: Buffer
}

const numbers = String.raw`=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)`
const base64 = (from: number, to: number) => `([A-Za-z0-9+/]{${from},${to}}={0,2})`
const passlibForm = new RegExp(String.raw`^\$scrypt\$ln${numbers}\$${base64(2, 171)}\$${base64(22, 171)}$`)
const firebaseForm = new RegExp(
  String.raw`^\$fbscrypt\$v=1,n${numbers}(?:,ss=${base64(0, 171)})?,sk=${base64(22, 171)}\$${base64(2, 171)}\$${base64(22, 171)}$`,
)

/** Up to 256 MiB, counting each lane, which scrypt works on one after the other. Anything else is undefined. */
export function parseScrypt(text: string): ScryptHash | undefined {
  const passlib = passlibForm.exec(text)
  if (passlib) {
    const [, n, r, p, salt, tag] = passlib
    return bounded({ scheme: 'scrypt', ...costOf(n, r, p), salt: decode(salt), tag: decode(tag) })
  }
  const firebase = firebaseForm.exec(text)
  if (!firebase) return undefined
  const [, n, r, p, separator, signerKey, salt, tag] = firebase
  return bounded({
    scheme: 'firebase',
    ...costOf(n, r, p),
    salt: Buffer.concat([decode(salt), decode(separator)]),
    tag: decode(tag),
    signerKey: decode(signerKey),
  })
}

/** What it takes to compute one. */
export function memoryKibOfScrypt({ logN, blockSize }: Pick<ScryptHash, 'logN' | 'blockSize'>): number {
  return (128 * 2 ** logN * blockSize) / 1024
}

export function formatScrypt(hash: Omit<ScryptHash, 'scheme' | 'signerKey'>): string {
  const encode = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$scrypt$ln=${hash.logN},r=${hash.blockSize},p=${hash.parallelism}$${encode(hash.salt)}$${encode(hash.tag)}`
}

function bounded(hash: ScryptHash): ScryptHash | undefined {
  return memoryKibOfScrypt(hash) * hash.parallelism <= maximumMemoryKib ? hash : undefined
}

const costOf = (n = '', r = '', p = '') => ({ logN: Number(n), blockSize: Number(r), parallelism: Number(p) })
const decode = (text = '') => Buffer.from(text, 'base64')
