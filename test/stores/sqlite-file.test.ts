/** The file of a SQLite database: paths that cannot be one are refused at once, and what happens to one is noticed. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { openSqliteDatabase } from '../../src/engines/sqlite/sqlite-database.ts'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { testApp, testConfig } from '../helpers/app.ts'
import { cliProcess } from '../helpers/cli.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

/** As somebody without root's rights. */
async function unprivileged<T>(act: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act()
  process.seteuid?.(65_534)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}

const impossible: Record<string, (folder: string) => string> = {
  'a folder that nobody can make': () => '/proc/x/y',
  'deeper in it': () => '/proc/x/y/z/signet.db',
  'a path under a file': folder => join(file(folder), 'signet.db'),
  'further under a file': folder => join(file(folder), 'below', 'signet.db'),
  'a folder as the file': folder => folder,
  'a folder that is not there, as the file': folder => join(folder, 'data/'),
  'a device': () => '/dev/null',
  'a pipe': folder => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    return join(folder, 'pipe')
  },
  'links in a circle': folder => {
    symlinkSync(join(folder, 'circle'), join(folder, 'circle'))
    return join(folder, 'circle')
  },
  'a name that is too long': folder => join(folder, 'n'.repeat(300)),
  'a name with a NUL': folder => join(folder, 'a\0b'),
  'a file that is no database': file,
  'a folder without the right to write': folder => {
    chmodSync(folder, 0o555)
    return join(folder, 'signet.db')
  },
  'a folder without the right to enter': folder => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o000 })
    return join(closed, 'new', 'signet.db')
  },
  'a file without the right to write': folder => {
    const path = join(folder, 'signet.db')
    writeFileSync(path, '', { mode: 0o444 })
    return path
  },
}

function file(folder: string): string {
  const path = join(folder, 'notes.txt')
  writeFileSync(path, 'these are my notes, and certainly not a database\n'.repeat(100), { mode: 0o666 })
  return path
}

for (const [what, pathIn] of Object.entries(impossible)) {
  t.test(`a database cannot be ${what}: one line that names the path, at once`, async t => {
    const folder = await temporaryFolder(t)
    chmodSync(folder, 0o777)
    const path = pathIn(folder)
    const startedAt = performance.now()

    const error = await unprivileged(() => openSqliteStores(path, movableClock()).then(never, identity))

    t.ok(performance.now() - startedAt < 1900, 'nothing is tried again for two seconds')
    t.match(error, { code: 'unavailable' })
    t.ok(error.message.includes(path.replace('\0', '\u{fffd}')), error.message)
    t.notMatch(error.message, /\p{C}/u)
  })
}

t.test('the service and the command line end with 1 and this one line', async t => {
  const env = { DATABASE_URL: 'sqlite:/proc/x/y', JWT_SECRET_KEY: newSecret() }
  const copy = ['db', 'copy', '--from', 'sqlite:/proc/x/y', '--to', 'sqlite:/proc/x/z']
  const commands = [['serve'], ['users', 'list'], ['db', 'migrate'], copy]
  for (const ended of await Promise.all(commands.map(args => cliProcess(args, env)))) {
    t.equal(ended.code, 1)
    t.match(ended.stderr, /^signet: [^\n]*\/proc\/x\/y[^\n]*\n$/)
  }
})

t.test('a path that begins like a URI is a path', async t => {
  const folder = await temporaryFolder(t)
  const before = process.cwd()
  process.chdir(folder)
  t.teardown(() => process.chdir(before))
  const stores = await openSqliteStores('file:signet.db?mode=memory', movableClock())
  t.teardown(() => stores.close())
  t.ok(statSync(join(folder, 'file:signet.db?mode=memory')).size > 0)
})

const accidents: Record<string, (path: string) => void> = {
  'the file is removed': path => rmSync(path),
  'the file is replaced by a copy of itself': path => {
    copyFileSync(path, `${path}.copy`)
    renameSync(`${path}.copy`, path)
  },
  'its WAL is removed': path => rmSync(`${path}-wal`),
  'its shared memory is removed': path => rmSync(`${path}-shm`),
  'its folder is moved away': path => renameSync(join(path, '..'), join(path, '..', '..', 'moved')),
}

async function inFolder(t: Test): Promise<string> {
  const folder = join(await temporaryFolder(t), 'data')
  mkdirSync(folder)
  return join(folder, 'signet.db')
}

for (const [what, happens] of Object.entries(accidents)) {
  t.test(`${what} under a running service: it is not ready and takes no more writes`, async t => {
    const sqlitePath = await inFolder(t)
    const { app, logIn, me, refresh, clock } = await testApp(t, { sqlitePath })
    const tokens = await logIn()
    clock.advance(60)
    t.equal((await app.inject('/health/ready')).statusCode, 503, 'its poll is turned by hand here')
    await app.revocations.poll()
    t.equal((await app.inject('/health/ready')).statusCode, 200)

    happens(sqlitePath)

    t.equal((await app.inject('/health/ready')).statusCode, 503)
    t.equal((await refresh(tokens.refresh_token)).statusCode, 503, 'what cannot be kept is not answered')
    t.equal((await me(tokens.access_token)).statusCode, 200, 'what is known is')
    await t.rejects(app.revocations.poll(), { message: /removed or replaced/ })
  })
}

t.test('a database that vanished is one error line, and one that comes back is used again', async t => {
  const sqlitePath = await inFolder(t)
  const lines: string[] = []
  const log = { write: (line: string) => void lines.push(line) }
  const app = await buildApp({ config: testConfig({ sqlitePath }), log })
  t.teardown(() => app.close())
  await app.ready()
  const told = (text: RegExp) => lines.filter(line => text.test(line))

  renameSync(sqlitePath, `${sqlitePath}.away`)
  await waitUntil(async () => told(/removed or replaced/).length > 0)
  t.match(JSON.parse(told(/removed or replaced/)[0] ?? ''), { level: 50, msg: 'revocation poll failed' })

  renameSync(`${sqlitePath}.away`, sqlitePath)
  await waitUntil(async () => told(/revocation poll works again/).length > 0)
  t.equal((await app.inject('/health/ready')).statusCode, 200)
})

t.test('what is damaged in the file is an outage for who needs it, and none for the others', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const made = new DatabaseSync(path)
  made.exec('CREATE TABLE sound (name TEXT) STRICT; CREATE TABLE damaged (name TEXT) STRICT')
  made.exec(`INSERT INTO sound VALUES ('a'); INSERT INTO damaged VALUES ('a')`)
  made.close()
  const pages = readFileSync(path)
  writeFileSync(path, pages.fill(0xff, 2 * 4096)) // the third page is the second table

  const database = await openSqliteDatabase(path)
  t.teardown(() => database.close())
  const { raw, read, write } = database
  const outage = { code: 'unavailable', message: /malformed/ }
  await t.rejects(
    read(() => raw.prepare('SELECT * FROM damaged').all()),
    outage,
  )
  await t.rejects(
    write(() => raw.prepare("INSERT INTO damaged VALUES ('b')").run()),
    outage,
  )
  t.match(await read(() => raw.prepare('SELECT * FROM sound').all()), [{ name: 'a' }])
})

t.test('a database that may only be read by now is an outage for who writes', async t => {
  const { raw, read, write, close } = await openSqliteDatabase(join(await temporaryFolder(t), 'signet.db'))
  t.teardown(close)
  raw.exec('CREATE TABLE notes (name TEXT) STRICT; PRAGMA query_only = 1')
  const writing = write(() => raw.exec("INSERT INTO notes VALUES ('a')"))
  await t.rejects(writing, { code: 'unavailable', message: /readonly/ })
  t.strictSame(await read(() => raw.prepare('SELECT * FROM notes').all()), [])
})

const identity = (error: Error) => error
const never = () => {
  throw new Error('it was opened')
}

const skip = existsSync('/proc/self/fd') ? false : 'no /proc'
t.test('what SQLite puts aside is beside the database, so that a read-only root is enough', { skip }, async t => {
  const folder = join(await temporaryFolder(t), "it's here")
  for (const path of [join(folder, 'signet.db'), ':memory:']) {
    const { raw, close } = await openSqliteDatabase(path)
    t.teardown(close)
    raw.exec(`CREATE TEMP TABLE aside AS
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i, randomblob(100) FROM n`)
  }
  const temporary = openFiles().filter(path => path.includes('etilqs_')) // SQLite's own name for them
  t.strictSame(temporary.map(dirname), [folder], 'one file, of the database that is a file')
})

function openFiles(): string[] {
  const folder = '/proc/self/fd'
  return readdirSync(folder).flatMap(fd => {
    try {
      return [readlinkSync(join(folder, fd))]
    } catch {
      return [] // that of reading the folder
    }
  })
}
