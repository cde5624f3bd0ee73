/** What the command line does on a terminal: it asks, hides, and shows tables. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { postJson, startServer, temporaryFolder } from '../helpers/process.ts'

const secret = 'an unlikely sentence 7'

async function place(t: Test) {
  return { env: { DATABASE_URL: `sqlite:${join(await temporaryFolder(t), 'signet.db')}` } }
}

t.test('on a terminal the password is asked for twice and not shown', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  const { code, screen } = await cliOnTerminal(['users', 'add', 'ada'], env, [
    ['Password:', `${secret}\r`],
    ['Again:', `${secret}\r`],
  ])
  t.equal(code, 0, screen)
  t.notMatch(screen, secret)
  t.match(screen, /username.*email.*role/, 'a table with its head')
  const server = await startServer(t, env)
  t.equal((await postJson(`${server.url}/login`, { username: 'ada', password: secret })).status, 200)

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
  'what would be refused anyhow is refused before a password is asked for, or asked for twice',
  { skip: noTerminal },
  async t => {
    const { env } = await place(t)
    await cli(['users', 'add', 'ada', '--email', 'ada@example.com', '--password-stdin'], env, secret)
    await cli(['users', 'add', 'bob', '--password-stdin'], env, secret)
    const once = [
      ['short', /password must have at least 8 characters/, ['users', 'add', 'eve']],
      ['password1', /one of the most common passwords/, ['users', 'add', 'eve']],
      ['bob-and-bob', /must not be the username/, ['users', 'add', 'bob-and-bob']],
      ['x'.repeat(80), /at most 72 bytes/, ['users', 'set', 'bob', '--password']],
    ] as const
    for (const [typed, says, args] of once) {
      const { code, screen } = await cliOnTerminal(args, env, [['Password:', `${typed}\r`]])
      t.equal(code, 1)
      t.match(screen, says)
      t.notMatch(screen, /Again/)
    }
    const never = [
      [/is taken/, ['users', 'add', 'ADA']],
      [/is taken/, ['users', 'add', 'eve', '--email', 'Ada@example.com']],
      [/must be an e-mail address/, ['users', 'add', 'eve', '--email', 'nowhere']],
      [/is taken/, ['users', 'set', 'bob', '--email', 'ada@example.com', '--password']],
    ] as const
    for (const [says, args] of never) {
      const { code, screen } = await cliOnTerminal(args, env)
      t.equal(code, 1)
      t.match(screen, says)
      t.notMatch(screen, /Password:/)
    }
  },
)

t.test('on a terminal a role that is nearly admin is asked about', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  const no = await cliOnTerminal(['users', 'add', 'ada', '--role', 'admim'], env, [['[y/N]', '\r']])
  t.equal(no.code, 1)
  t.match(no.screen, /The role admim is not admin\. Is it what you mean\? \[y\/N\]/)
  t.notMatch(no.screen, 'Password:')
  const yes = await cliOnTerminal(['users', 'add', 'ada', '--role', 'admim'], env, [
    ['[y/N]', 'y\r'],
    ['Password:', `${secret}\r`],
    ['Again:', `${secret}\r`],
  ])
  t.equal(yes.code, 0, yes.screen)
})

t.test('on a terminal it asks before it deletes', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  await cli(['users', 'add', 'ada', '--password-stdin'], env, secret)
  const no = await cliOnTerminal(['users', 'delete', 'ada'], env, [['[y/N]', '\r']])
  t.equal(no.code, 1)
  t.match(no.screen, 'nothing was deleted')
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
