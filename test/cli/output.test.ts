/** Standard output when its reader is slow, and what a command leaves behind. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import t from 'tap'
import { printRows } from '../../src/cli/output.ts'
import { cli } from '../helpers/cli.ts'
import { practiceUsers } from '../helpers/practice-users.ts'
import { temporaryFolder } from '../helpers/process.ts'

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

t.test('a command closes the database behind it: nothing of a WAL is left', async t => {
  const file = join(await temporaryFolder(t), 'signet.db')
  const env = { DATABASE_URL: `sqlite:${file}` }
  t.match(await cli(['users', 'import', practiceUsers(10)], env), { code: 0 })
  t.match(await cli(['users', 'list'], env), { code: 0 })
  t.match(await cli(['users', 'set', 'nobody', '--role', 'editor'], env), { code: 1 })
  t.strictSame([file, `${file}-wal`, `${file}-shm`].map(existsSync), [true, false, false])
})
