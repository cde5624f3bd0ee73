/**
 * Many users at once, beside a service that runs. What exists is never changed, so an import that was stopped anywhere
 * is completed by running it again. Transactions stay under 20 ms, with pauses as long, so that logins get through.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Audit } from '../../base/audit.ts'
import { SignetError } from '../../base/errors.ts'
import { createPace } from '../../base/pace.ts'
import { canonicalEmail } from '../../names/email.ts'
import type { PasswordHasher } from '../../passwords/password-hash.ts'
import type { PasswordPolicy } from '../../passwords/password-policy.ts'
import type { User, UserStore } from '../../stores/stores.ts'
import { holderOfOtherSpelling } from '../address.ts'
import { type ImportedUser, newUserOf, readUser } from './user-import.ts'
import type { UserRecord } from './user-records.ts'

export interface ImportTally {
  readonly inserted: number
  /** The name existed already, and is the same person's as far as the line says. */
  readonly skipped: number
  readonly refused: number
  /** Everything up to this line, and this many bytes, is done. */
  readonly line: number
  readonly bytes: number
}

export interface ImportWatcher {
  /** Stops the import; what was committed stays. */
  readonly signal: AbortSignal
  refused(line: number, reason: string): void
  progress(tally: ImportTally): void
}

export interface ImportService {
  /**
   * Inserts the users whose names are free.
   * @returns how far it got, also when it was stopped
   * @throws what reading the records throws, and `unavailable`
   */
  importFrom(records: AsyncIterable<UserRecord>, watcher: ImportWatcher): Promise<ImportTally>
}

interface Waiting {
  readonly line: number
  readonly user: ImportedUser
}

export function createImportService(dependencies: {
  users: UserStore
  hasher: PasswordHasher
  policy: PasswordPolicy
  /** How many passwords are hashed between two commits. */
  hashesAtOnce: number
  audit: Audit
}): ImportService {
  const { users, hasher, policy, hashesAtOnce, audit } = dependencies

  async function importFrom(records: AsyncIterable<UserRecord>, watcher: ImportWatcher): Promise<ImportTally> {
    const { signal } = watcher
    const tally = { inserted: 0, skipped: 0, refused: 0, line: 0, bytes: 0 }
    const pace = createRestingPace()
    let waiting: Waiting[] = []
    let toHash = 0

    const refuse = (line: number, reason: string) => {
      tally.refused++
      watcher.refused(line, reason)
    }

    async function commit({ line, bytes }: Pick<UserRecord, 'line' | 'bytes'>): Promise<void> {
      const ready = (await abortable(Promise.all(waiting.map(one => hashed(one, refuse))), signal)).filter(one => !!one)
      const outcomes =
        ready.length === 0 ? [] : await pace.keep(ready.length, () => users.importMissing(ready.map(toNew)))
      for (const [i, outcome] of outcomes.entries()) {
        const one = ready[i]
        if (!one) continue
        if (outcome === 'inserted') tally.inserted++
        else if (outcome === 'taken')
          refuse(one.line, '/email or /user_id belongs to another user, or the /username is held for a registration')
        else if (isSamePerson(one.user, outcome.namesake)) tally.skipped++
        else refuse(one.line, '/username belongs to another user: the /user_id or /email is not the same')
      }
      Object.assign(tally, { line, bytes })
      waiting = []
      toHash = 0
      watcher.progress({ ...tally })
    }

    let last: UserRecord | undefined
    try {
      for await (const record of records) {
        signal.throwIfAborted()
        last = record
        const read = 'value' in record.read ? readUser(record.read.value, policy.scheme, hasher) : record.read
        if ('mistake' in read) refuse(record.line, read.mistake)
        else waiting.push({ line: record.line, user: read.user })
        if ('user' in read && read.user.password !== undefined) toHash++
        if (waiting.length >= pace.size() || toHash >= hashesAtOnce) await commit(record)
      }
      if (last) await commit(last)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      if (tally.inserted > 0) audit({ event: 'users.imported', count: tally.inserted })
    }
    return tally
  }

  /** A plain password is judged and hashed, unless the name exists and the hash would be for nothing. */
  async function hashed({ line, user }: Waiting, refuse: (line: number, reason: string) => void) {
    const { password } = user
    const holder = await holderOfOtherSpelling(users, user.email ?? null)
    if (holder && holder.username !== user.username) {
      refuse(line, '/email belongs to another user, in another spelling')
      return undefined
    }
    if (password === undefined || (await users.findByUsername(user.username))) return { line, user }
    try {
      await policy.check(password, user.username, '/password')
      return { line, user, hash: await hasher.hash(password, 'patient') }
    } catch (error) {
      const [mistake] = (error instanceof SignetError && error.mistakes) || []
      if (!mistake) throw error
      refuse(line, `${mistake.pointer} ${mistake.detail}`)
      return undefined
    }
  }

  return { importFrom }
}

/** An import that is repeated meets whom it made; two people of one name would become one without a word. */
function isSamePerson({ user_id: userId, email }: ImportedUser, namesake: Pick<User, 'userId' | 'email'>): boolean {
  if (userId !== undefined) return userId === namesake.userId
  return email == null || email === (namesake.email && canonicalEmail(namesake.email))
}

const toNew = ({ user, hash }: { user: ImportedUser; hash?: string }) => newUserOf(user, hash)

/** As the promise, unless the signal comes first: hashes nobody waits for any more are lost work and nothing else. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  return Promise.race([promise, stopped]).finally(() => signal.removeEventListener('abort', stop))
}

/** Rests as long as it worked, for everybody else. */
function createRestingPace() {
  const pace = createPace({ first: 32, least: 8, most: 1000, targetMilliseconds: 5 })
  return {
    size: pace.size,
    async keep<T>(rows: number, act: () => Promise<T>): Promise<T> {
      const startedAt = performance.now()
      const result = await pace.keep(rows, act)
      await sleep(Math.min(performance.now() - startedAt, 100))
      return result
    },
  }
}
