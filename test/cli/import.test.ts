/** `signet users import`: nothing lost, nothing changed, nothing unsaid, whatever interrupts it. */
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hashSync } from 'bcryptjs'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, endOf, startCli } from '../helpers/cli.ts'
import { temporaryFolder, waitUntil } from '../helpers/process.ts'

const password = 'an unlikely sentence 7'
const hash = hashSync(password, 4)

async function place(t: Test) {
  const folder = await temporaryFolder(t)
  return { folder, path: join(folder, 'signet.db'), env: { DATABASE_URL: `sqlite:${join(folder, 'signet.db')}` } }
}

function manyUsers(count: number): string {
  const lines = [...Array(count).keys()].map(i => JSON.stringify({ username: `u${i}`, password_hash: hash }))
  return `${lines.join('\n')}\n`
}

function countUsers(path: string): number {
  try {
    const database = new DatabaseSync(path, { readOnly: true })
    const row = database.prepare('SELECT count(*) AS n FROM users').get()
    database.close()
    return Number(row?.['n'])
  } catch {
    return 0 // not made yet
  }
}

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  t.test(`2,000 users, stopped half-way by ${signal} and repeated: exactly all of them`, async t => {
    const { folder, path, env } = await place(t)
    const file = join(folder, 'users.ndjson')
    writeFileSync(file, manyUsers(2000))

    // From a pipe that stays open after 1,000 lines, so that half-way is half-way on any machine.
    const first = startCli(['users', 'import', '-', '--json'], env)
    const ended = endOf(first)
    first.stdin?.on('error', () => {})
    first.stdin?.write(manyUsers(1000))
    await waitUntil(async () => countUsers(path) > 200)
    first.kill(signal)
    const { code, stdout, stderr } = await ended
    const half = countUsers(path)
    t.ok(half > 0 && half <= 1000, `${half} after the first run`)
    if (signal === 'SIGINT') {
      t.equal(code, 1)
      t.match(stderr, `signet: stopped after line ${half}; run it again for the rest`)
      t.strictSame(JSON.parse(stdout), { inserted: half, skipped: 0, refused: 0, complete: false })
    }

    const second = await cli(['users', 'import', file, '--json'], env)
    t.equal(second.code, 0)
    t.strictSame(JSON.parse(second.stdout), { inserted: 2000 - half, skipped: half, refused: 0, complete: true })
    t.equal(countUsers(path), 2000)
  })
}

t.test('with --without-passwords neither a password nor a hash comes in', async t => {
  const { path, env } = await place(t)
  const lines = [{ password }, { password_hash: hash }].map((own, i) => JSON.stringify({ username: `u${i}`, ...own }))
  const { code } = await cli(['users', 'import', '-', '--without-passwords'], env, `${lines.join('\n')}\n`)
  t.equal(code, 0)
  const database = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => database.close())
  const rows = database.prepare('SELECT username FROM users WHERE password_hash IS NULL ORDER BY username').all()
  t.match(rows, [{ username: 'u0' }, { username: 'u1' }])
})

t.test(
  'every refused line is reported with its number and reason, never with its content; the others come in',
  async t => {
    const { folder, env } = await place(t)
    const lines = [
      '{"username":"good"}',
      '{"username":"no good"}',
      '{"username":"canary-1","canary-2":"canary-3"}',
      'canary-4',
      '',
      '{"username":"short","password":"canary"}',
      '{"username":"common","password":"password1"}',
      `{"username":"both","password":"canary-56789","password_hash":"${hash}"}`,
      '{"username":"slow","password_hash":"$2b$16$canaryxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"}',
      '{"username":"first","email":"one@example.com"}',
      '{"username":"second","email":"ONE@example.com"}',
      '["canary"]',
      `{"username":"long","email":"${'canary'.repeat(20_000)}@example.com"}`,
      '{"username":"nul","password":"canary\\u0000canary"}',
      '{"username":"last"}', // and no line break at the end
    ]
    const refused = [2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14]
    const numbersIn = (text: string) =>
      [...text.matchAll(/line (\d+): \S/g)].map(([, n]) => Number(n)).sort((a, b) => a - b)

    const ended = await cli(['users', 'import', '-', '--json'], env, lines.join('\n'))
    t.equal(ended.code, 1)
    t.strictSame(JSON.parse(ended.stdout), { inserted: 3, skipped: 0, refused: refused.length, complete: true })
    t.strictSame(numbersIn(ended.stderr), refused)
    t.ok(
      ended.stderr
        .split('\n')
        .slice(0, -1)
        .every(line => line.startsWith('signet: line ')),
    )
    t.notMatch(ended.stderr, 'canary')

    const report = join(folder, 'refused.txt')
    const again = await cli(['users', 'import', '-', '--report', report], env, lines.join('\n'))
    t.equal(again.code, 1)
    t.equal(again.stderr, '')
    t.strictSame(numbersIn(readFileSync(report, 'utf8')), refused)
    t.equal(statSync(report).mode & 0o777, 0o600)
  },
)

t.test('CSV: columns by the header, quotes, line numbers; a broken line costs only itself', async t => {
  const { path, env } = await place(t)
  const csv = [
    '\ufeffUsername,password,email,disabled,user_id,password_hash',
    'ada,"an ""unlikely"", sentence",ada@example.com,false,legacy-1,',
    `bob,,,TRUE,,${hash}`,
    'cut,"this never ends,,,,',
    'few,fields',
    'dan,,,perhaps,,',
    'eve,,,,,',
    '',
  ]
  const { code, stdout, stderr } = await cli(['users', 'import', '-', '--json'], env, csv.join('\r\n'))
  t.equal(code, 1)
  t.strictSame(JSON.parse(stdout), { inserted: 3, skipped: 0, refused: 3, complete: true })
  t.strictSame(
    [...stderr.matchAll(/line (\d+)/g)].map(([, n]) => n),
    ['4', '5', '6'],
  )
  const listed = (await cli(['users', 'list', '--json'], env)).stdout.split('\n')
  t.match(JSON.parse(listed[0] ?? ''), {
    user_id: 'legacy-1',
    username: 'ada',
    email: 'ada@example.com',
    disabled: false,
  })
  t.match(JSON.parse(listed[1] ?? ''), { username: 'bob', disabled: true })

  const { logIn } = await testApp(t, { sqlitePath: path })
  t.ok((await logIn('ada', 'an "unlikely", sentence')).access_token)
})

t.test('a file that cannot be read as users ends the import before it begins, in one line', async t => {
  const { folder, env } = await place(t)
  const cases = [
    ['ada,hunter2hunter2\nbob,x\n', "the header's column 1 is none of"],
    ['email,role\n', 'the header has no column username'],
    ['[]', 'the document has no users'],
  ] as const
  for (const [input, says] of cases) {
    const { code, stdout, stderr } = await cli(['users', 'import', '-'], env, input)
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr, /^signet: [^\n]+\n$/)
    t.match(stderr, says)
    t.notMatch(stderr, 'hunter2')
  }
  const missing = await cli(['users', 'import', join(folder, 'missing.csv')], env)
  t.equal(missing.code, 1)
  t.match(missing.stderr, /^signet: ENOENT[^\n]+\n$/)

  const file = join(folder, 'users.ndjson')
  writeFileSync(file, manyUsers(1))
  t.equal((await cli(['users', 'import', file, '--report', file], env)).code, 2)
  const link = `${file}.link`
  symlinkSync(file, link)
  t.equal((await cli(['users', 'import', file, '--report', link], env)).code, 2, 'by whatever name')
  t.equal(readFileSync(file, 'utf8'), manyUsers(1), 'a report does not eat its own file')
})

t.test(
  'users that exist are never changed, and the passwords beside their names neither judged nor hashed',
  async t => {
    const { path, env } = await place(t)
    const ada = { username: 'ada', password, role: 'admin', email: 'ada@example.com' }
    t.equal((await cli(['users', 'import', '-'], env, JSON.stringify(ada))).code, 0)
    const row = () => new DatabaseSync(path, { readOnly: true }).prepare('SELECT * FROM users').all()
    const before = row()

    const other = { username: 'ADA', password: 'x', role: 'user', disabled: true }
    const { code, stdout } = await cli(['users', 'import', '-', '--json'], env, JSON.stringify(other))
    t.equal(code, 0)
    t.strictSame(JSON.parse(stdout), { inserted: 0, skipped: 1, refused: 0, complete: true })
    t.strictSame(row(), before)
  },
)

t.test('an imported user logs in, and the cheap hash is replaced by one of the configured cost', async t => {
  const { path, env } = await place(t)
  await cli(['users', 'import', '-'], env, manyUsers(3))
  const { logIn } = await testApp(t, { sqlitePath: path, bcryptCost: 5 })
  t.ok((await logIn('u1', password)).access_token)
  const rows = new DatabaseSync(path, { readOnly: true })
    .prepare('SELECT password_hash FROM users ORDER BY username')
    .all()
  t.strictSame(
    rows.map(one => String(one['password_hash']).slice(0, 7)),
    ['$2b$04$', '$2b$05$', '$2b$04$'],
  )
})

t.test("another system's export is named, and a refused user is exit code 1 while the others come", async t => {
  const { folder, env } = await place(t)
  const file = join(folder, 'users.csv')
  writeFileSync(file, `id,name,email,password\n7,Ada,ada@example.com,${hash}\n8,Bob,no address,${hash}\n`)
  const { code, stdout, stderr } = await cli(['users', 'import', '--from', 'laravel', file, '--json'], env)
  t.equal(code, 1)
  t.strictSame(JSON.parse(stdout), { inserted: 1, skipped: 0, refused: 1, complete: true })
  t.match(stderr, /^signet: line 3: .email is not an e-mail address\n$/)
  t.equal((await cli(['users', 'import', '--from', 'firebase', file], env)).code, 2)
})
