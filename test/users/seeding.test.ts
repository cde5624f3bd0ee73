/** `SEED_USERS_FILE` is read once in the life of a database. */
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildApp } from '../../src/app.ts'
import { testApp, testConfig } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'

async function place(t: Test) {
  const folder = await temporaryFolder(t)
  const [seedUsersFile, sqlitePath] = [join(folder, 'users.ndjson'), join(folder, 'signet.db')]
  const write = (text: string) => writeFile(seedUsersFile, text)
  /** Starts, acts and stops. @returns the names of the users then */
  const start = async (
    act: (app: Awaited<ReturnType<typeof buildApp>>) => Promise<unknown> = async () => {},
    settings: Parameters<typeof testConfig>[0] = {},
  ) => {
    const log = { write: () => {} }
    const app = await buildApp({
      config: testConfig({ seedUsersFile, sqlitePath, ...settings }),
      log,
      background: false,
    })
    try {
      await app.ready()
      await act(app)
      return (await app.users.list({ limit: 9 })).items.map(({ username }) => username)
    } finally {
      await app.close()
    }
  }
  const isOpen = () => existsSync(`${sqlitePath}-wal`) // until the last connection is closed
  return { seedUsersFile, write, start, isOpen }
}

const admin = '{"user_id":"user-1","username":"admin","role":"admin"}\n'

t.test('deleted users do not come back with a restart, whatever the file says or whether it is there', async t => {
  const { seedUsersFile, write, start } = await place(t)
  await write(admin)
  t.strictSame(await start(), ['admin'])
  t.strictSame(await start(app => app.users.delete('user-1', {})), [])
  t.strictSame(await start(), [])
  await write('nonsense')
  t.strictSame(await start(), [])
  await rm(seedUsersFile)
  t.strictSame(await start(), [])
})

t.test('a seeding that failed is tried again, one of nobody is none', async t => {
  const { write, start, isOpen } = await place(t)
  await t.rejects(start(), /ENOENT/)
  t.notOk(isOpen(), 'a start that fails closes what it opened')
  await write(`${admin}nonsense\n`)
  await t.rejects(start(), /line 2/)
  await write(admin + admin)
  await t.rejects(start())
  await write('\n')
  t.strictSame(await start(), [])
  await write(admin)
  t.strictSame(await start(), ['admin'])
})

t.test('a file may have more passwords than logins may wait for a hash', async t => {
  const { write, start } = await place(t)
  const lines = Array.from({ length: 9 }, (_, i) => `{"username":"ana${i}","password":"a long sentence ${i}"}`)
  await write(lines.join('\n'))
  t.equal((await start(undefined, { hashThreads: 1, hashQueue: 1 })).length, 9)
})

t.test('a database that has users of its own takes none from the file, now or later', async t => {
  const { write, start } = await place(t)
  await write('\n')
  await start(app =>
    app.stores.users.create({ userId: 'x', username: 'ana', email: null, role: 'admin', passwordHash: null }),
  )
  await write(admin)
  t.strictSame(await start(), ['ana'])
  t.strictSame(await start(app => app.users.delete('x', {})), [])
  t.strictSame(await start(), [])
})

t.test('a byte-order mark is no part of the file, a mistake is told by its line, and who is in it logs in', async t => {
  const { seedUsersFile, write } = await place(t)
  await write('\ufeff{"username":"ada","password":"a long sentence","email":null}\r\n\n{"username":"ben"}\n')
  const { app, logIn } = await testApp(t, { seedUsersFile })
  await logIn('ada', 'a long sentence')
  t.match(await app.stores.users.findByUsername('ada'), { foreignHash: false })
  await write('{"username":"ada"}\n\n{"username":"no good"}\n')
  await t.rejects(testApp(t, { seedUsersFile }), /users.ndjson, line 3: .username must be/)
})

t.test('a start takes as long as its users do: Fastify, which has a limit of ten seconds, has none here', async t => {
  const { app } = await testApp(t)
  t.equal(app.initialConfig.pluginTimeout, 0)
})
