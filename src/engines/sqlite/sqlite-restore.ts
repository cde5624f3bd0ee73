/**
 * Puts a backup in place of a SQLite file. All work is done on a copy of it beside the database, which gets the name at
 * the very end: until then nothing has happened, and what was there before is kept under another name.
 */
import {
  chownSync,
  createReadStream,
  createWriteStream,
  existsSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isoTime } from '../../base/iso-time.ts'
import { asThrown } from '../../base/thrown.ts'
import { live } from '../../sessions/live.ts'
import type { RestoreOptions, RestoreResult } from '../../stores/restore.ts'
import { makeFolder } from './database-file.ts'
import { type FormerDatabase, lockFormer } from './former-database.ts'
import { migrate } from './migrations.ts'
import { giveName, sync, syncFolderOf } from './new-file.ts'
import { findRevived } from './revived-sessions.ts'
import { openSqliteDatabase } from './sqlite-database.ts'
import { requireWhole } from './whole-database.ts'

/** SQLite would take those of a former database for the new one's, and write them into it. */
const companions = ['-wal', '-shm', '-journal']

/**
 * @returns undefined when `decide` said no
 * @throws {Error} when the backup is not whole or not ours, or while anybody has the database open
 */
export async function restoreSqlite(
  path: string,
  backup: string,
  options: RestoreOptions,
): Promise<RestoreResult | undefined> {
  const target = existsSync(path) ? realpathSync(path) : resolve(path) // a link stays a link
  requireBackup(backup, target)
  makeFolder(dirname(target))
  const copy = `${target}.restoring-${process.pid}`
  const former = lockFormer(target)
  try {
    await copyPrivately(backup, copy)
    requireWholeCopy(backup, copy)
    const schema = await prepare(copy, former, options)
    if (!schema) return undefined
    sync(copy)
    return { schema, keptAs: putInPlace(copy, target, former !== undefined, options.now) }
  } finally {
    former?.close()
    for (const suffix of ['', ...companions]) rmSync(`${copy}${suffix}`, { force: true })
  }
}

function requireBackup(backup: string, target: string): void {
  const [file, former] = [backup, target].map(one => statSync(one, { throwIfNoEntry: false }))
  if (!file) throw new Error(`there is no ${backup}`)
  if (!file.isFile()) throw new Error(`${backup} is not a file`)
  if (file.ino === former?.ino && file.dev === former.dev) throw new Error(`${backup} is the database itself`)
}

/** With its WAL, which a copy made by hand may have. `copyFile` would give it the mode of the other, which all may read. */
async function copyPrivately(from: string, to: string): Promise<void> {
  for (const suffix of ['', '-wal']) {
    rmSync(`${to}${suffix}`, { force: true })
    if (!existsSync(`${from}${suffix}`)) continue
    await pipeline(
      createReadStream(`${from}${suffix}`),
      createWriteStream(`${to}${suffix}`, { flags: 'wx', mode: 0o600 }),
    )
  }
}

function requireWholeCopy(backup: string, copy: string): void {
  try {
    requireWhole(copy)
  } catch (error) {
    throw new Error(`nothing was restored: ${backup} ${asThrown(error).message}`)
  }
}

async function prepare(copy: string, former: FormerDatabase | undefined, { now, endRevived, decide }: RestoreOptions) {
  const database = await openSqliteDatabase(copy)
  try {
    const schema = await migrate(database)
    const { raw } = database
    const revived = former?.raw && findRevived(raw, former.raw, now)
    const counted = raw.prepare(`
      SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM sessions WHERE ${live}) AS sessions`)
    const { users, sessions } = counted.get({ now }) as { users: number; sessions: number }
    if (!(await decide({ replaces: former !== undefined, users, sessions, revived }))) return undefined
    const end = raw.prepare(`UPDATE sessions SET revoked_at = $now, revoke_reason = $reason WHERE sid = $sid`)
    if (endRevived) {
      await database.transaction(() => {
        for (const { sid, reason } of revived ?? []) end.run({ sid, now, reason: reason ?? 'admin' })
      })
    }
    return schema
  } finally {
    await database.close() // moves its WAL into the file
  }
}

/** @returns what the former database is called now */
function putInPlace(copy: string, target: string, replaces: boolean, now: number): string | null {
  const moment = isoTime(now).replace(/[-:]|\.\d+/g, '')
  const aside = `${target}.before-restore-${moment}`
  const owner = statSync(replaces ? target : dirname(target))
  if (process.geteuid?.() === 0) chownSync(copy, owner.uid, owner.gid) // or the service could not read it
  for (const suffix of companions) {
    if (existsSync(`${target}${suffix}`)) renameSync(`${target}${suffix}`, `${aside}${suffix}`)
  }
  if (replaces) giveName(target, aside) // as a second name, so that there is a database at every moment
  renameSync(copy, target)
  syncFolderOf(target)
  return replaces ? aside : null
}
