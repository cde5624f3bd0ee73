/**
 * The same for the command line and the files it reads: a long text in a field costs no time worth telling. In this process,
 * because the start of another would be most of what is measured.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { readUser } from '../../src/users/import/user-import.ts'
import { readRecords } from '../../src/users/import/user-records.ts'
import { cli } from '../helpers/cli.ts'
import { edges, hostileText, shapes } from '../helpers/hostile-text.ts'
import { isLong } from '../helpers/long.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { processorTime } from '../helpers/processor-time.ts'
import { newSecret } from '../helpers/tokens.ts'

const longestSlice = 20 // milliseconds
const texts = shapes.flatMap(shape => (isLong ? edges : edges.slice(1, 2)).map(edge => ({ shape, edge })))
/** A command opens a database each time, so the suite takes a few: marks above all, which are the dearest. */
const textsOfCommands = isLong
  ? texts
  : texts.filter(({ shape: [piece = ''] }, i) => /\p{M}$/u.test(piece) || i % 10 === 0)
const bytes = 16_384

const folder = await temporaryFolder(t)
const env = { DATABASE_URL: `sqlite:${join(folder, 'signet.db')}`, JWT_SECRET_KEY: newSecret() }

/** Every argument and option that takes a text of somebody's own. */
const commands: Record<string, (text: string) => string[]> = {
  'users add NAME': text => ['users', 'add', text],
  'users add --role': text => ['users', 'add', 'ana', '--role', text],
  'users list --q': text => ['users', 'list', '--q', text],
  'users list --limit': text => ['users', 'list', '--limit', text],
  'users set NAME': text => ['users', 'set', text, '--enable'],
  'users set --email': text => ['users', 'set', 'ana', '--email', text],
  'users delete NAME': text => ['users', 'delete', text, '--yes'],
  'sessions list --user': text => ['sessions', 'list', '--user', text],
  'sessions end ID': text => ['sessions', 'end', text],
  'sessions end --user': text => ['sessions', 'end', '--user', text],
}

const run = (args: readonly string[]) => cli(args, env) // most of them are refused

const file = join(folder, 'ana.ndjson')
await writeFile(file, '{"username":"ana"}')
await run(['users', 'import', file])

for (const [name, argsOf] of Object.entries(commands)) {
  t.test(`no ${name} keeps the processor for ${longestSlice} ms`, async t => {
    for (let i = 0; i < 3; i++) await run(argsOf('a')) // compiled by then
    const usual = await processorTime(() => run(argsOf('a')), 0)
    for (const { shape, edge } of textsOfCommands) {
      const args = argsOf(hostileText(shape, edge, bytes).replace(/^-/, '_'))
      const ms = await processorTime(() => run(args), usual + longestSlice)
      if (ms > usual + longestSlice) t.fail(`${ms.toFixed(1)} ms: ${JSON.stringify([shape, edge])}`)
    }
    t.pass(`the usual ${usual.toFixed(1)} ms`)
  })
}

/** Of an imported user. */
const members = ['username', 'email', 'password', 'password_hash', 'role', 'user_id', 'unknown']
const columns = members.slice(0, 6)

const hasher = createPasswordHasher({ scheme: 'argon2id', bcryptCost: 12, threads: 1, queue: 0 })
t.teardown(() => hasher.close())

/** A whole file with one line of somebody's own. */
async function read(line: string, format: 'ndjson' | 'csv'): Promise<number> {
  const head = format === 'csv' ? `${columns.join()}\n` : ''
  let lines = 0
  async function* chunks() {
    yield Buffer.from(`${head}${line}\n`)
  }
  for await (const { read } of readRecords(chunks(), format)) {
    lines++
    if ('value' in read) readUser(read.value, 'argon2id', hasher)
  }
  return lines
}

t.test(`no line of an imported file keeps the processor for ${longestSlice} ms`, { timeout: 3_600_000 }, async t => {
  const longest = 65_000
  for (let i = 0; i < 50; i++) await read('{"username":"ana","password":"a long sentence"}', 'ndjson')
  for (const { shape, edge } of texts) {
    for (const member of members) {
      const text = hostileText(shape, edge, longest - 200, piece => JSON.stringify(piece).slice(1, -1))
      const line = JSON.stringify({ username: 'ana', [member]: 'TEXT' }).replace('TEXT', () => text)
      const ms = await processorTime(() => read(line, 'ndjson'), longestSlice)
      if (ms > longestSlice) t.fail(`${ms.toFixed(1)} ms, ${member}: ${JSON.stringify([shape, edge])}`)
    }
    for (const quote of ['', '"']) {
      const text = hostileText(shape, edge, longest - 200)
      const ms = await processorTime(() => read(`${quote}${text}${quote},b,c,d,e,f`, 'csv'), longestSlice)
      if (ms > longestSlice) t.fail(`${ms.toFixed(1)} ms, CSV: ${JSON.stringify([shape, edge])}`)
    }
  }
  t.pass('each was read')
})
