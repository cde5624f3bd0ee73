/**
 * The asymmetric keys of the ring, as this instance sees them: read from the database with every poll, moved on when a
 * date has come, and swapped in whole, so that a request meets the old set or the new one and never half of each.
 */
import type { Audit } from '../base/audit.ts'
import { type AsymmetricAlgorithm, createJws, type Jws } from '../jws/jws.ts'
import type { KeyStore, NewSigningKey, SigningKey } from '../stores/stores.ts'
import { activatesAt, decideRotation, goesAt, jwksMaxAge, type RotationSettings } from './rotation.ts'
import { decryptPrivateKey, encryptPrivateKey, generateSigningKey, type PublicJwk, publicPem } from './signing-key.ts'

export interface SigningKeys {
  current(): Jws
  find(kid: string): Jws | undefined
  /** What is published, and for how many seconds it may be kept (RFC 7517 section 5). */
  jwks(): { readonly keys: readonly PublicJwk[]; readonly maxAgeSeconds: number }
  /** When the current key became so. */
  signsSince(): number | undefined
  /** Raised whenever a key comes or goes. */
  readonly version: number
  /**
   * Does what is due and takes over what the database has.
   * @throws {Error} when no secret decrypts the current key
   */
  sync(): Promise<void>
}

export interface SigningKeysOptions {
  readonly alg: AsymmetricAlgorithm
  readonly store: KeyStore
  /** Keys that may have encrypted the private halves; the first encrypts new ones. */
  readonly sealingKeys: readonly [Buffer, ...Buffer[]]
  readonly settings: RotationSettings
  readonly audit: Audit
}

export function createSigningKeys(options: SigningKeysOptions): SigningKeys {
  const { alg, store, sealingKeys, settings, audit } = options
  let ring = new Map<string, { jws: Jws; signs: boolean }>()
  let rows: readonly SigningKey[] = []
  let asOf = 0
  let version = 0

  async function sync(): Promise<void> {
    let { now, keys } = await list()
    const act = decideRotation(keys, now, settings)
    if (act !== 'none') {
      await perform(act, keys)
      ;({ now, keys } = await list())
    }
    if (keys.some(({ state, changesAt }) => state === 'retired' && changesAt !== null && changesAt <= now)) {
      await store.deleteEnded()
      ;({ now, keys } = await list())
    }
    await takeOver(keys)
    asOf = now
  }

  async function list() {
    const { now, keys } = await store.list()
    return { now, keys: keys.filter(key => key.alg === alg) }
  }

  /** Every instance comes to the same decision; the store lets one of them do it, and the others find it done. */
  async function perform(act: 'create' | 'stage' | 'activate', keys: readonly SigningKey[]): Promise<void> {
    if (act === 'activate') {
      const kid = keys.find(({ state }) => state === 'next')?.kid ?? ''
      if (await store.activate(kid, goesAt(0, settings.accessTokenSeconds))) audit({ event: 'key.activated', kid })
      return
    }
    const key = await newSigningKey(alg, sealingKeys[0])
    const state = act === 'create' ? 'current' : 'next'
    if (!(await store.insert(key, state, activatesAt(0)))) return
    audit({ event: act === 'create' ? 'key.created' : 'key.staged', kid: key.kid })
  }

  async function takeOver(keys: readonly SigningKey[]): Promise<void> {
    const next: typeof ring = new Map()
    for (const key of keys) {
      const signs = key.privateKey !== null
      const known = ring.get(key.kid)
      next.set(key.kid, known?.signs === signs ? known : { jws: await jwsOf(key), signs })
    }
    const changed = next.size !== ring.size || [...next.keys()].some(kid => !ring.has(kid))
    if (changed) version++
    ring = next
    rows = keys
  }

  async function jwsOf(key: SigningKey): Promise<Jws> {
    const privatePem = key.privateKey === null ? undefined : await unseal(key, key.privateKey)
    const jwk = JSON.parse(key.publicJwk) as PublicJwk
    return createJws({ kid: key.kid, alg, typ: 'at+jwt', publicPem: publicPem(jwk), privatePem })
  }

  /** A key that a former secret had sealed is sealed again with the present one, so that the former can be dropped. */
  async function unseal({ kid, state }: SigningKey, sealed: string): Promise<string | undefined> {
    for (const [index, sealingKey] of sealingKeys.entries()) {
      const pem = decryptPrivateKey(sealed, kid, sealingKey)
      if (!pem) continue
      if (index > 0) await store.reencrypt(kid, sealed, encryptPrivateKey(pem, kid, sealingKeys[0]))
      return pem
    }
    if (state === 'retired') return undefined
    throw new Error(
      'neither JWT_SECRET_KEY nor a fallback decrypts the signing keys: give the secret they were made with, or make new ones with: signet keys rotate --emergency',
    )
  }

  const currentRow = () => rows.find(({ state }) => state === 'current')

  return {
    current() {
      const key = currentRow()
      const jws = key && ring.get(key.kid)?.jws
      if (!jws) throw new Error('there is no current signing key yet')
      return jws
    },
    find: kid => ring.get(kid)?.jws,
    jwks: () => ({
      keys: rows.map(({ publicJwk }) => JSON.parse(publicJwk) as PublicJwk),
      maxAgeSeconds: jwksMaxAge(rows, asOf, settings),
    }),
    signsSince: () => currentRow()?.since,
    get version() {
      return version
    },
    sync,
  }
}

/** A new key pair, its private half sealed, ready for the store. */
export async function newSigningKey(alg: AsymmetricAlgorithm, sealingKey: Buffer): Promise<NewSigningKey> {
  const { kid, publicJwk, privatePem } = await generateSigningKey(alg)
  return { kid, alg, publicJwk: JSON.stringify(publicJwk), privateKey: encryptPrivateKey(privatePem, kid, sealingKey) }
}
