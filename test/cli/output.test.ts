/** Standard output when its reader is slow, and what a command leaves behind. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { printRows } from '../../src/cli/output.ts'
import { cli } from '../helpers/cli.ts'
import { practiceUsers } from '../helpers/practice-users.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

async function place(t: Test) {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'signet.db')
  return { folder, file, env: { DATABASE_URL: `sqlite:${file}` } }
}

t.test('a long list is read no faster than it is written', async t => {
  let read = 0
  async function* pages() {
    for (; read < 100; read++) yield Array.from({ length: 100 }, (_, i) => ({ name: `user ${read} ${i}` }))
  }
  let written = ''
  let more = Promise.withResolvers<void>()
  const stdout = new Writable({
    highWaterMark: 1000,
    write(chunk, _, done) {
      void more.promise.then(() => {
        written += chunk
        done()
      })
    },
  })

  const printed = printRows({ stdout }, pages(), {})
  for (let i = 0; i < 100; i++) await new Promise(setImmediate)
  t.ok(read <= 1, `${read} pages are read while the reader sleeps`)
  more.resolve()
  more = { ...more }
  t.equal(await printed, 10_000)
  stdout.end()
  await new Promise(resolve => stdout.once('finish', resolve))
  t.equal(written.split('\n').length, 10_001)
})

t.test('an empty cell keeps its place, in lines and in tables', async t => {
  let written = ''
  const stdout = new Writable({
    write(chunk, _, done) {
      written += chunk
      done()
    },
  })
  async function* page() {
    yield [{ id: 'a', email: null, agent: '', last: 1 }]
  }
  await printRows({ stdout }, page(), {})
  t.equal(written, 'a\t-\t-\t1\n')
})

t.test('a list is whole, however many pages it has', async t => {
  const { file, env } = await place(t)
  await cli(['users', 'import', practiceUsers(10)], env)
  const database = new DatabaseSync(file)
  const numbers = 'WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 501)'
  database.exec(`${numbers} INSERT INTO mails (id, purpose, language, created_at, expires_at, due_at)
    SELECT n, 'reset', 'en', 1, 9999999999, 1 FROM numbers`)
  database.exec(`${numbers} INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at)
    SELECT n, 'user-1', 1, 9999999999, 9999999999 FROM numbers`)
  database.close()
  for (const words of ['mail status', 'sessions list', 'sessions list --user user-1']) {
    const { stdout } = await cli(words.split(' '), env)
    t.equal(new Set(stdout.trimEnd().split('\n')).size, 501, words)
  }
})

t.test('a command closes the databases behind it: nothing of a WAL is left', async t => {
  const { folder, file, env } = await place(t)
  const source = await place(t) // elsewhere: who only reads a database cannot tidy up beside it
  await cli(['users', 'import', practiceUsers(10)], source.env)
  const copy = `db copy --from ${source.env.DATABASE_URL} --to sqlite:${join(folder, 'copy.db')}`
  const signing = { ...env, JWT_SECRET_KEY: newSecret(), JWT_ALGORITHM: 'ES256' }
  for (const [code, words] of [
    [0, 'db migrate'],
    [0, `users import ${practiceUsers(10)}`],
    [0, 'users list'],
    [1, 'users set nobody --role editor'],
    [0, 'keys status'],
    [1, 'keys stage'],
    [0, 'mail status'],
    [0, `db backup ${join(folder, 'backup.db')}`],
    [0, copy],
    [1, copy],
  ] as const) {
    const ended = await cli(words.split(' '), signing)
    t.equal(ended.code, code, `${words}: ${ended.stderr}`)
    t.ok(existsSync(file))
    const left = readdirSync(folder).filter(name => !name.endsWith('.db'))
    t.strictSame(left, [], words)
  }
})
