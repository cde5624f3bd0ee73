/** What the engines promise about the keys that lie in the database. */
import type { NewSigningKey, SigningKey } from './records.ts'

/** An algorithm has at most one `next` and one `current` key; the engine sees to that, so instances may race. */
export interface KeyStore {
  /** Every key, at the store's time. */
  list(): Promise<{ now: number; keys: SigningKey[] }>

  /**
   * Inserts a key as `current`, or as `next` that signs after `waitSeconds`.
   * @returns whether it was inserted: its algorithm had none in that state
   */
  insert(key: NewSigningKey, state: 'current' | 'next', waitSeconds: number): Promise<boolean>

  /**
   * Makes a `next` key whose date has come the `current` one; the former one retires, loses its private half and goes
   * after `keepSeconds`.
   * @returns whether this call did it
   */
  activate(kid: string, keepSeconds: number): Promise<boolean>

  /** Deletes every key of this algorithm and makes this one `current`, in one transaction. */
  replaceAll(key: NewSigningKey): Promise<void>

  /** Replaces the encrypted private half. @returns whether it was still `from` */
  reencrypt(kid: string, from: string, to: string): Promise<boolean>

  /** Deletes retired keys whose date has come. @returns how many */
  deleteEnded(): Promise<number>

  /** The data key (src/keys/data-key.ts), sealed; undefined in a database that has none yet. */
  findDataKey(): Promise<string | undefined>

  /**
   * Makes this the sealed data key.
   * @param ifUnused only while there is no factor, whose secret the one before may have sealed
   * @returns whether the one before was still `from`, and all that holds
   */
  replaceDataKey(from: string | undefined, to: string, ifUnused?: 'ifUnused'): Promise<boolean>
}
