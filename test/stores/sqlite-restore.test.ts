/** A backup is checked before it is put back; a restore loses nothing and says which sessions it revives. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { restoreSqlite } from '../../src/engines/sqlite/sqlite-restore.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { backedUp, damage, restore, sessionOf } from './backed-up.ts'

async function endSome({ stores, clock }: Awaited<ReturnType<typeof backedUp>>): Promise<void> {
  clock.advance(10)
  await stores.sessions.revoke('logout'.padEnd(22, '-'), 'logout')
  await stores.users.update('id-ben', { disabled: true })
  await stores.users.delete('id-eva')
  await stores.sessions.create(sessionOf('later', 'ana'), 0)
  await stores.close()
}

t.test('a restore names the sessions that were ended since the backup and live again', async t => {
  const world = await backedUp(t)
  const { path, backup, clock } = world
  await endSome(world)
  const former = new DatabaseSync(path)
  former.exec(`DELETE FROM sessions WHERE sid LIKE 'forgotten%'`) // as housekeeping does a day after the end
  former.close()

  const { plan, result } = await restore(path, backup, clock())

  t.match(plan, { replaces: true, users: 3, sessions: 5 })
  t.strictSame(
    plan?.revived?.map(({ sid, username, endedAt, reason }) => [sid.replace(/-+$/, ''), username, endedAt, reason]),
    [
      ['forgotten', 'ana', null, null],
      ['logout', 'ana', clock(), 'logout'],
      ['disabled', 'ben', clock(), 'disabled'],
      ['deleted', 'eva', clock(), 'deleted'],
    ],
  )
  const after = await openSqliteStores(path, clock)
  t.equal((await after.sessions.listAll({ limit: 100 })).length, 5)
  t.equal(await after.sessions.find('later'.padEnd(22, '-')), undefined)
  await after.close()
  const kept = await openSqliteStores(result?.keptAs ?? '', clock)
  t.ok(await kept.sessions.find('later'.padEnd(22, '-')), 'what was there before is kept, whole')
  await kept.close()
  for (const file of [path, result?.keptAs ?? '']) t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('with --end-revived nobody who was logged out is logged in by a restore', async t => {
  const world = await backedUp(t)
  const { path, backup, clock } = world
  await endSome(world)

  await restore(path, backup, clock(), { endRevived: true })

  const after = await openSqliteStores(path, clock)
  t.teardown(() => after.close())
  const living = (await after.sessions.listAll({ limit: 100 })).map(one => one.session.sid.replace(/-+$/, ''))
  t.strictSame(living.toSorted(), ['forgotten', 'stays'])
  const { revoked } = await after.sessions.revokedSince(0, '', 100)
  t.equal(revoked.length, 3, 'and their access tokens are refused')
})

t.test('a session that has expired since is not revived', async t => {
  const world = await backedUp(t)
  await endSome(world)
  world.clock.advance(1000)
  const { plan } = await restore(world.path, world.backup, world.clock())
  t.match(plan, { sessions: 0, revived: [] })
})

t.test('while a service has the database open, nothing is restored', async t => {
  const { path, backup, clock, stores } = await backedUp(t)
  await t.rejects(restore(path, backup, clock()), /in use: stop the service/)
  t.equal((await stores.sessions.listAll({ limit: 100 })).length, 5)
  await stores.sessions.create(sessionOf('later', 'ana'), 0)
  await stores.close()
  await t.resolves(restore(path, backup, clock()))
})

t.test('while a restore waits for the answer to its question, nobody gets into the database', async t => {
  const { path, backup, clock, stores } = await backedUp(t)
  await stores.close()
  const decide = async () => {
    const other = new DatabaseSync(path, { timeout: 0 })
    t.throws(() => other.exec('SELECT 1 FROM users'), /locked/)
    other.close()
    return true
  }
  t.ok(await restoreSqlite(path, backup, { now: clock(), endRevived: false, decide }))
})

t.test('when the answer is no, everything is as before', async t => {
  const world = await backedUp(t)
  await endSome(world)
  const { result } = await restore(world.path, world.backup, world.clock(), { yes: false })
  t.equal(result, undefined)
  t.strictSame(readdirSync(world.folder).toSorted(), ['backup.db', 'signet.db'])
  const after = await openSqliteStores(world.path, world.clock)
  t.ok(await after.sessions.find('later'.padEnd(22, '-')))
  await after.close()
})

t.test('what is no whole backup of ours is refused, and nothing happens to the database', async t => {
  const { folder, path, backup, clock, stores } = await backedUp(t)
  await stores.close()
  const [link, name] = [join(folder, 'link.db'), join(folder, 'name.db')]
  symlinkSync(path, link)
  linkSync(path, name)
  const bad = (name: string, make: (file: string) => void) => {
    const file = join(folder, name)
    copyFileSync(backup, file)
    make(file)
    return file
  }
  const change = (sql: string) => (file: string) => {
    const raw = new DatabaseSync(file)
    raw.exec(sql)
    raw.close()
  }
  const cases: [string, RegExp][] = [
    [bad('damaged.db', file => damage(file)), /damaged/],
    [bad('half.db', file => writeFileSync(file, '')), /not a database of Signet/],
    [bad('notes.txt', file => writeFileSync(file, 'my notes\n'.repeat(1000))), /damaged, or no database/],
    [bad('other.db', change('DROP TABLE users')), /not a database of Signet/],
    [bad('newer.db', change('PRAGMA user_version = 999')), /schema 999/],
    [bad('copying.db', change(`INSERT INTO meta VALUES ('unfinished_copy', x'00')`)), /unfinished copy/],
    [join(folder, 'nothing.db'), /there is no/],
    [folder, /not a file/],
    [path, /the database itself/],
    [link, /the database itself/],
    [name, /the database itself/],
  ]
  for (const [file, reason] of cases) await t.rejects(restore(path, file, clock()), reason, file)
  t.notOk(readdirSync(folder).some(name => /restoring|before-restore/.test(name)))
  const after = await openSqliteStores(path, clock)
  t.equal((await after.sessions.listAll({ limit: 100 })).length, 5)
  await after.close()
})

t.test('a damaged database is kept, and nobody guesses what was revived', async t => {
  const { path, backup, clock, stores } = await backedUp(t)
  await stores.close()
  damage(path, 0)

  const { plan, result } = await restore(path, backup, clock())

  t.match(plan, { replaces: true, revived: undefined })
  t.ok(existsSync(result?.keptAs ?? ''))
  const after = await openSqliteStores(path, clock)
  t.equal((await after.sessions.listAll({ limit: 100 })).length, 5)
  await after.close()
})

t.test('the WAL that a removed database left behind never becomes part of the restored one', async t => {
  const world = await backedUp(t)
  const { folder, path, backup, clock } = world
  const wal = join(folder, 'wal')
  clock.advance(10)
  await world.stores.sessions.revoke('stays'.padEnd(22, '-'), 'logout')
  copyFileSync(`${path}-wal`, wal)
  await world.stores.close()
  rmSync(path)
  renameSync(wal, `${path}-wal`)

  await restore(path, backup, clock())

  const after = await openSqliteStores(path, clock)
  t.teardown(() => after.close())
  t.equal((await after.sessions.listAll({ limit: 100 })).length, 5)
  t.ok(readdirSync(folder).some(name => /before-restore-.*-wal$/.test(name)))
})

t.test('a copy that was made by hand is restored with what stands in its WAL', async t => {
  const { folder, path, clock, stores } = await backedUp(t)
  const copy = join(folder, 'copy.db')
  await stores.sessions.create(sessionOf('later', 'ana'), 0)
  for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`)
  await stores.close()

  const { plan } = await restore(path, copy, clock())

  t.match(plan, { users: 3, sessions: 6 })
  t.notOk(existsSync(`${copy}-shm`), 'and nothing happens to the copy')
  const after = await openSqliteStores(path, clock)
  t.teardown(() => after.close())
  t.ok(await after.sessions.find('later'.padEnd(22, '-')))
})

t.test('a database that a link leads to is restored where it is, and the link stays', async t => {
  const { folder, path, backup, clock, stores } = await backedUp(t)
  await stores.close()
  const volume = join(folder, 'volume')
  mkdirSync(volume)
  renameSync(path, join(volume, 'data.db'))
  symlinkSync(join(volume, 'data.db'), path)

  const { result } = await restore(path, backup, clock())

  t.ok(lstatSync(path).isSymbolicLink())
  t.strictSame(
    [result?.keptAs, join(volume, 'data.db')].map(file => existsSync(file ?? '')),
    [true, true],
  )
  t.match(result?.keptAs, volume)
})

t.test('a backup goes where there is no database yet, in a folder made for it', async t => {
  const { folder, backup, clock, stores } = await backedUp(t)
  await stores.close()
  const raw = new DatabaseSync(backup)
  raw.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  raw.close()
  chmodSync(backup, 0o444)
  const path = join(folder, 'new', 'signet.db')

  const { plan, result } = await restore(path, backup, clock())

  t.match(plan, { replaces: false, users: 3, sessions: 5, revived: undefined })
  t.equal(result?.keptAs, null)
  t.equal(result?.schema.found, result?.schema.current)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(folder, 'new')), ['signet.db'])
})

t.test('what root restores belongs to whom the database belonged', { skip: process.geteuid?.() !== 0 }, async t => {
  const world = await backedUp(t)
  await endSome(world)
  execFileSync('chown', ['65534:65534', world.path])
  await restore(world.path, world.backup, world.clock())
  t.equal(statSync(world.path).uid, 65_534)
})
