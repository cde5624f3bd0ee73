/** A database, a backup of it, and what may happen to both. */
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { restoreSqlite } from '../../src/engines/sqlite/sqlite-restore.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import type { RestorePlan } from '../../src/stores/restore.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'

export const sessionOf = (sid: string, name: string) => ({
  sid: sid.padEnd(22, '-'),
  userId: `id-${name}`,
  idleSeconds: 1000,
  maxAgeSeconds: 5000,
  ip: null,
  userAgent: null,
})

/** A database with five sessions of three users, and a backup of it. */
export async function backedUp(t: Test) {
  const folder = await temporaryFolder(t)
  const [path, backup] = [join(folder, 'signet.db'), join(folder, 'backup.db')]
  const clock = movableClock()
  const stores = await openSqliteStores(path, clock)
  for (const name of ['ana', 'ben', 'eva']) {
    await stores.users.create({ userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: null })
  }
  for (const [sid, name] of Object.entries({
    logout: 'ana',
    stays: 'ana',
    forgotten: 'ana',
    disabled: 'ben',
    deleted: 'eva',
  })) {
    await stores.sessions.create(sessionOf(sid, name), 0)
  }
  await stores.backup(backup, () => {})
  return { folder, path, backup, clock, stores }
}

export async function restore(
  path: string,
  backup: string,
  now: number,
  options: { endRevived?: boolean; yes?: boolean } = {},
) {
  const { endRevived = false, yes = true } = options
  let plan: RestorePlan | undefined
  const result = await restoreSqlite(path, backup, {
    now,
    endRevived,
    async decide(what) {
      plan = what
      return yes
    },
  })
  return { plan, result }
}

/** Overwrites some bytes in the middle of a file, as a failing disk does. */
export function damage(file: string, offset = statSync(file).size / 2): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(3000, 0x5a), 0, 3000, offset)
  closeSync(descriptor)
}
