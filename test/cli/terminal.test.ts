/** What the command line does on a terminal: it asks, hides, and shows tables. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/process.ts'

const secret = 'an unlikely sentence 7'

async function place(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  return { path, env: { DATABASE_URL: `sqlite:${path}` } }
}

t.test('on a terminal the password is asked for twice and not shown', { skip: noTerminal }, async t => {
  const { path, env } = await place(t)
  const { code, screen } = await cliOnTerminal(['users', 'add', 'ada'], env, [
    ['Password:', `${secret}\r`],
    ['Again:', `${secret}\r`],
  ])
  t.equal(code, 0, screen)
  t.notMatch(screen, secret)
  t.match(screen, /username.*email.*role/, 'a table with its head')
  const { logIn } = await testApp(t, { sqlitePath: path })
  t.ok((await logIn('ada', secret)).access_token)

  const differ = await cliOnTerminal(['users', 'add', 'bob'], env, [
    ['Password:', `${secret}\r`],
    ['Again:', 'something else\r'],
  ])
  t.equal(differ.code, 1)
  t.match(differ.screen, 'signet: the two passwords differ')
  for (const key of ['\x03', '\x04']) {
    const canceled = await cliOnTerminal(['users', 'add', 'bob'], env, [['Password:', key]])
    t.equal(canceled.code, 1)
    t.match(canceled.screen, 'signet: canceled')
  }
})

t.test(
  'a password that would be refused is not asked for twice, and one not at all that would be for nothing',
  async t => {
    const { env } = await place(t)
    await cli(['users', 'add', 'ada', '--email', 'ada@example.com', '--password-stdin'], env, secret)
    await cli(['users', 'add', 'bob', '--password-stdin'], env, secret)
    const cases = [
      [/is taken/, ['users', 'add', 'ADA']],
      [/is taken/, ['users', 'add', 'eve', '--email', 'Ada@example.com']],
      [/must be an e-mail address/, ['users', 'add', 'eve', '--email', 'nowhere']],
      [/is taken/, ['users', 'set', 'bob', '--email', 'ada@example.com', '--password']],
    ] as const
    // Not on a terminal, where asking would be exit code 2.
    for (const [says, args] of cases) t.match(await cli(args, env), { code: 1, stderr: says }, args.join(' '))
    if (noTerminal) return
    const long = await cliOnTerminal(['users', 'set', 'bob', '--password'], env, [['Password:', `${'x'.repeat(80)}\r`]])
    t.equal(long.code, 1)
    t.match(long.screen, /password must be at most 72 bytes/)
    t.notMatch(long.screen, /Again/)
  },
)

t.test('on a terminal a role that is nearly admin is asked about', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  const args = ['users', 'add', 'ada', '--role', 'admim']
  const no = await cliOnTerminal(args, env, [['[y/N]', '\r']])
  t.equal(no.code, 1)
  t.match(no.screen, /The role admim is not admin\. Is it what you mean\? \[y\/N\]/)
  t.notMatch(no.screen, 'Password:')
  const yes = await cliOnTerminal(args, env, [
    ['[y/N]', 'y\r'],
    ['Password:', 'password1\r'],
  ])
  t.match(yes.screen, /password is one of the most common passwords/)
  t.notMatch(yes.screen, /Again/)
})

t.test('on a terminal it asks before it deletes', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  await cli(['users', 'add', 'ada', '--password-stdin'], env, secret)
  const no = await cliOnTerminal(['users', 'delete', 'ada'], env, [['[y/N]', '\r']])
  t.equal(no.code, 1)
  t.match(no.screen, 'nothing was deleted')
  const other = await cliOnTerminal(['users', 'delete', 'ada'], env, [['[y/N]', 'yet another word\r']])
  t.equal(other.code, 1)
  t.match(other.screen, 'nothing was deleted')
  t.match((await cli(['users', 'list'], env)).stdout, 'ada')

  t.equal((await cliOnTerminal(['users', 'delete', 'ada'], env, [['[y/N]', 'y\r']])).code, 0)
  t.equal((await cli(['users', 'list'], env)).stdout, '')
})

t.test('on a terminal there is a progress bar, and it leaves no trace in the lines', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  const file = join(await temporaryFolder(t), 'users.ndjson')
  const users = [...Array(3000).keys()].map(i => `{"username":"u${i}"}\n`)
  writeFileSync(file, `${users.join('')}nothing\n`)
  const { code, screen } = await cliOnTerminal(['users', 'import', file], env)
  t.equal(code, 1)
  t.match(screen, /\d+ %.+\d+ users, \d+\/s/)
  t.match(screen, /signet: line 3001: is not JSON\r\n/)
  t.match(screen, /inserted.*skipped.*refused/)
})
