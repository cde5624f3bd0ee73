/**
 * The data key: random, made once in the life of a database, and sealed with a key derived from the secret. What has to
 * outlive a change of the secret is encrypted or keyed with it, so a new secret seals one row anew and nothing is lost.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { KeyStore } from '../stores/stores.ts'
import { seal, unseal } from './sealed.ts'
import { deriveKey } from './secret.ts'

export interface DataKey {
  /** Encrypts. @param name what it is: it opens under no other */
  seal(bytes: Buffer, name: string): string
  /** @throws {Error} when it was not sealed by `seal` under this name */
  open(sealed: string, name: string): Buffer
  /** A name for a text, in base64url, that nobody makes of the text without the key. */
  hmac(text: string): string
}

/**
 * The data key of this database, made if there is none, and sealed with the first secret afterwards. Instances that start
 * together agree on one: each write is conditional on what was read, and who loses looks again.
 * @param options.secrets the first seals, all open
 * @throws {Error} when no secret opens it and there are second factors that would be lost with it
 */
export async function openDataKey(options: {
  readonly secrets: readonly [string, ...string[]]
  readonly salt: Buffer
  readonly store: Pick<KeyStore, 'findDataKey' | 'replaceDataKey'>
}): Promise<DataKey> {
  const { secrets, salt, store } = options
  const sealingKeys = secrets.map(secret => deriveKey(secret, salt, 'signet data key')) as [Buffer, ...Buffer[]]
  for (let former: string | undefined; ; ) {
    const found = await store.findDataKey()
    if (found !== undefined && found === former) throw new Error(closed)
    const opened = found === undefined ? undefined : openWith(sealingKeys, found)
    if (opened?.isPresent) return dataKeyOf(opened.key, salt)
    const key = opened?.key ?? randomBytes(32)
    const sealed = seal(key, name, sealingKeys[0])
    if (await store.replaceDataKey(found, sealed, opened ? undefined : 'ifUnused')) return dataKeyOf(key, salt)
    if (!opened) former = found
  }
}

const closed =
  'neither JWT_SECRET_KEY nor a fallback opens the data key, which keeps second factors: start once with the former secret in JWT_SECRET_KEY_FALLBACK, or give up all second factors with: signet users factors --remove-all'

const name = 'data key'

function openWith(sealingKeys: readonly Buffer[], sealed: string): { key: Buffer; isPresent: boolean } | undefined {
  for (const [index, sealingKey] of sealingKeys.entries()) {
    const key = unseal(sealed, name, sealingKey)
    if (key) return { key, isPresent: index === 0 }
  }
  return undefined
}

function dataKeyOf(key: Buffer, salt: Buffer): DataKey {
  const sealing = deriveKey(key, salt, 'signet sealed data')
  const naming = deriveKey(key, salt, 'signet named data')
  return {
    seal: (bytes, name) => seal(bytes, name, sealing),
    open(sealed, name) {
      const bytes = unseal(sealed, name, sealing)
      if (!bytes) throw new Error(`the database has a ${name.split(' ', 1)[0]} that its data key does not open`)
      return bytes
    },
    hmac: text => createHmac('sha256', naming).update(text).digest('base64url'),
  }
}
