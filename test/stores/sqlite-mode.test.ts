/** Nobody but its owner reads a database: neither a new one nor one that was made with another mode. */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { makeDatabaseFile } from '../../src/engines/sqlite/database-file.ts'
import { closeToOthers } from '../../src/engines/sqlite/file-mode.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { backedUp, restore } from './backed-up.ts'

const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8)
const companions = ['', '-wal', '-shm']

t.test('the folder that is made is ours alone, and so are the files in it, whatever the umask', async t => {
  const path = join(await temporaryFolder(t), 'new', 'deeper', 'signet.db')
  const before = process.umask(0)
  t.teardown(() => process.umask(before))

  const { logIn } = await testApp(t, { sqlitePath: path })
  await logIn()

  t.equal(modeOf(dirname(path)), '700')
  t.equal(modeOf(dirname(dirname(path))), '700')
  for (const companion of companions) t.equal(modeOf(`${path}${companion}`), '600', companion)
})

t.test('a new file is ours alone from its first moment: whoever opened it then could go on reading', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  makeDatabaseFile(path)
  t.equal(modeOf(path), '600')
})

t.test(
  'nor can others read what is restored while it is being copied, which takes minutes where it is large',
  async t => {
    const { folder, path, backup, clock, stores } = await backedUp(t)
    await stores.close()
    const before = process.umask(0)
    t.teardown(() => process.umask(before))
    let isOver = false
    const restored = restore(path, backup, clock()).finally(() => (isOver = true))
    const modes = new Set<string>()
    for (; !isOver; await turn()) {
      for (const name of readdirSync(folder)) if (name.includes('.restoring-')) modes.add(modeOf(join(folder, name)))
    }
    await restored
    t.strictSame([...modes], ['600'])
  },
)

t.test('a database that others could read is closed to them, with its WAL', async t => {
  for (const mode of [0o644, 0o664, 0o666, 0o640]) {
    const path = join(await temporaryFolder(t), 'signet.db')
    const other = await openSqliteStores(path, movableClock()) // a process that goes on meanwhile
    t.teardown(() => other.close())
    for (const companion of companions) chmodSync(`${path}${companion}`, mode)

    const stores = await openSqliteStores(path, movableClock())
    t.teardown(() => stores.close())
    for (const companion of companions) t.equal(modeOf(`${path}${companion}`), '600', `${companion} of ${mode}`)
  }
})

t.test('a file that somebody made with sqlite3 is closed when it is opened, also by way of a link', async t => {
  const folder = await temporaryFolder(t)
  mkdirSync(join(folder, 'real'))
  const path = join(folder, 'real', 'signet.db')
  const made = new DatabaseSync(path)
  made.exec('PRAGMA journal_mode = WAL; CREATE TABLE notes (text)')
  for (const companion of companions) chmodSync(`${path}${companion}`, 0o644)
  symlinkSync(path, join(folder, 'link.db'))

  closeToOthers(join(folder, 'link.db'))
  for (const companion of companions) t.equal(modeOf(`${path}${companion}`), '600')
  made.close()
})

t.test(
  'a file of another user is told, not passed over',
  { skip: process.geteuid?.() !== 0 && 'needs root' },
  async t => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'signet.db')
    new DatabaseSync(path).close()
    chmodSync(path, 0o666)
    chmodSync(folder, 0o755)
    chownSync(path, 4242, 4242)

    const told: string[] = []
    process.seteuid?.(65_534)
    try {
      closeToOthers(path, text => told.push(text))
    } finally {
      process.seteuid?.(0)
    }
    t.equal(told.length, 1)
    t.match(told[0], /can be read or written by others/)
  },
)
