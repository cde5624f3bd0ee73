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
