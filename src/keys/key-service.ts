/**
 * Acts on the key ring from outside the service. Running instances do what is due by themselves (signing-keys.ts); here
 * somebody wants it sooner. Both go through the same conditional writes, so neither can undo the other's.
 */
import type { Audit } from '../base/audit.ts'
import { isoTime } from '../base/iso-time.ts'
import type { Algorithm, AsymmetricAlgorithm } from '../jws/jws.ts'
import type { KeyStore, NewSigningKey, SigningKey } from '../stores/stores.ts'
import { openDataKey } from './data-key.ts'
import { sealingKeys } from './key-ring.ts'
import { activatesAt, goesAt, nextChange, type RotationSettings } from './rotation.ts'
import { decryptPrivateKey } from './signing-key.ts'
import { newSigningKey } from './signing-keys.ts'

export interface KeyStatus {
  readonly key: SigningKey
  /** Whether it is of the algorithm access tokens are signed with. */
  readonly configured: boolean
  /** Nothing happens to a key of another algorithm: no instance looks after it. */
  readonly change: ReturnType<typeof nextChange>
}

export interface KeyService {
  /** The keys of every algorithm. */
  status(): Promise<KeyStatus[]>
  /** Makes a key that signs once every cached JWKS has it. @throws {Error} when there is one already, or no ring */
  stage(): Promise<SigningKey>
  /** Lets a staged key sign, or stages one when there is none. @throws {Error} before the staged key's date */
  rotate(): Promise<SigningKey>
  /**
   * Seals the data key with the first secret, where another one had sealed it: then that one can go at once.
   * @throws {Error} when no secret opens it
   */
  seal(): Promise<void>
  /**
   * Replaces every key of the algorithm, whoever can read the old ones.
   * @returns whether our secrets could: if not, running instances have others
   */
  replace(): Promise<{ key: SigningKey; wasReadable: boolean }>
}

export function createKeyService(options: {
  secrets: readonly [string, ...string[]]
  salt: Buffer
  algorithm: Algorithm
  store: KeyStore
  settings: RotationSettings
  audit: Audit
  /** Who acts. */
  by: string
}): KeyService {
  const { secrets, salt, algorithm, store, settings, audit, by } = options
  const sealing = sealingKeys(secrets, salt)

  async function status(): Promise<KeyStatus[]> {
    const { keys } = await store.list()
    return keys.map(key => {
      const configured = key.alg === algorithm
      return { key, configured, change: configured ? nextChange(key, keys, settings) : undefined }
    })
  }

  async function stage(): Promise<SigningKey> {
    const { next } = await ring()
    if (next) throw new Error(`there is a staged key already: ${about(next)}`)
    const key = await newSigningKey(asymmetric(), sealing[0])
    if (!(await store.insert(key, 'next', activatesAt(0)))) {
      throw new Error('another key was staged at the same time: see signet keys status')
    }
    audit({ event: 'key.staged', kid: key.kid, by })
    return asStored(key)
  }

  async function rotate(): Promise<SigningKey> {
    const { next, now } = await ring()
    if (!next) return stage()
    if (now < (next.changesAt ?? 0)) {
      throw new Error(`it is too early: ${about(next)}, when every verifier has had time to fetch it`)
    }
    const isOurs = await store.activate(next.kid, goesAt(0, settings.accessTokenSeconds))
    if (isOurs) audit({ event: 'key.activated', kid: next.kid, by }) // else a running instance was first
    return asStored(next)
  }

  async function replace() {
    const alg = asymmetric()
    const { keys } = await store.list()
    const wasReadable = keys.every(key => key.alg !== alg || isReadable(key))
    const key = await newSigningKey(alg, sealing[0])
    await store.replaceAll(key)
    audit({ event: 'key.replaced', kid: key.kid, by })
    return { key: await asStored(key), wasReadable }
  }

  /** A key sealed with a secret the instances do not have would stop them, so whoever adds one must read the others. */
  async function ring() {
    const alg = asymmetric()
    const { now, keys } = await store.list()
    const current = keys.find(key => key.alg === alg && key.state === 'current')
    if (!current) throw new Error(`there is no key for ${alg} yet: the service makes the first one when it starts`)
    if (!isReadable(current)) {
      throw new Error(
        'neither JWT_SECRET_KEY nor a fallback decrypts the signing keys: give the secret of the running service, or make new ones with: signet keys rotate --emergency',
      )
    }
    return { now, next: keys.find(key => key.alg === alg && key.state === 'next') }
  }

  function isReadable({ kid, privateKey }: SigningKey): boolean {
    return privateKey === null || sealing.some(key => decryptPrivateKey(privateKey, kid, key) !== undefined)
  }

  function asymmetric(): AsymmetricAlgorithm {
    if (algorithm !== 'HS256') return algorithm
    throw new Error('there is no key ring under JWT_ALGORITHM=HS256: JWT_SECRET_KEY itself signs the access tokens')
  }

  async function asStored({ kid }: Pick<NewSigningKey, 'kid'>): Promise<SigningKey> {
    const stored = (await store.list()).keys.find(key => key.kid === kid)
    if (!stored) throw new Error('the key was replaced at the same time: see signet keys status')
    return stored
  }

  async function seal(): Promise<void> {
    if ((await store.findDataKey()) !== undefined) await openDataKey({ secrets, salt, store })
  }

  return { status, stage, rotate, replace, seal }
}

function about({ kid, changesAt }: SigningKey): string {
  return `${kid} signs from ${isoTime(changesAt ?? 0)} on`
}
