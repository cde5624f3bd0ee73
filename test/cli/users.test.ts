/** `signet users`: what it prints, how it ends, and what it never says. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli, startCli } from '../helpers/cli.ts'
import { postJson, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'

const secret = 'an unlikely sentence 7'

/** An empty place for a database, and the only variable that is needed for it. */
async function place(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  return { path, env: { DATABASE_URL: `sqlite:${path}` } }
}

async function withAda(t: Test) {
  const { path, env } = await place(t)
  const added = await cli(['users', 'add', 'Ada', '--role', 'admin', '--password-stdin', '--json'], env, `${secret}\n`)
  return { path, env, added, ada: JSON.parse(added.stdout) as { user_id: string } }
}

t.test('a user added from the command line logs in, and the password appears nowhere', async t => {
  const { path, added, ada } = await withAda(t)

  t.equal(added.code, 0)
  t.equal(added.stderr, '')
  t.match(ada, { username: 'ada', role: 'admin', email: null, disabled: false })
  t.notMatch(added.stdout, secret)
  const { logIn } = await testApp(t, { sqlitePath: path })
  t.ok((await logIn('ada', secret)).access_token)
})

t.test('a password on standard input is taken as it is, but for one line break at its end', async t => {
  const { path, env } = await withAda(t)
  const { logIn } = await testApp(t, { sqlitePath: path })
  const set = (input: string | Buffer) => cli(['users', 'set', 'ada', '--password-stdin'], env, input)
  for (const [input, password] of [
    [`  ${secret} \r\n`, `  ${secret} `],
    [`${secret}\n\n`, `${secret}\n`],
  ] as const) {
    t.equal((await set(input)).code, 0)
    t.ok((await logIn('ada', password)).access_token, JSON.stringify(input))
  }
  for (const [input, mistake] of [
    ['\n', /no password on standard input/],
    ['x'.repeat(4097), /at most 4096 bytes/],
    [Buffer.from(`${secret}\xff`, 'latin1'), /not UTF-8/],
  ] as const) {
    t.match(await set(input), { code: 1, stdout: '', stderr: mistake })
  }
})

t.test('lists are NDJSON with --json, tab-separated in a pipe, by name, by prefix and limited', async t => {
  const { env } = await withAda(t)
  const more = [...Array(1200).keys()].map(i => JSON.stringify({ username: `u${i}`, email: `u${i}@example.com` }))
  await cli(['users', 'import', '-'], env, more.join('\n'))
  const names = async (...args: string[]) => {
    const { stdout } = await cli(['users', 'list', '--json', ...args], env)
    return stdout
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line).username as string)
  }

  const all = await names()
  t.equal(all.length, 1201)
  t.strictSame(all, all.toSorted())
  t.equal(new Set(all).size, 1201)
  t.strictSame(await names('--q', 'U119', '--limit', '3'), ['u119', 'u1190', 'u1191'])
  const plain = await cli(['users', 'list', '--limit', '1'], env)
  t.match(plain.stdout, /^\S{22}\tada\t-\tadmin\tfalse\t2\S+Z\n$/)
})

t.test('a reader that has seen enough is no failure', async t => {
  const { env } = await withAda(t)
  await cli(['users', 'import', '-'], env, [...Array(1500).keys()].map(i => `{"username":"u${i}"}`).join('\n'))
  const child = startCli(['users', 'list', '--json'], env)
  let stderr = ''
  child.stderr?.on('data', chunk => (stderr += chunk))
  child.stdout?.once('data', () => child.stdout?.destroy())
  t.equal(await new Promise(resolve => child.once('exit', resolve)), 0)
  t.equal(stderr, '')
})

t.test('--disable ends the session of a running server by itself, --enable lets in again', async t => {
  const { env } = await withAda(t)
  const server = await startService(t, env)
  const logIn = () => postJson(`${server.url}/login`, { username: 'ada', password: secret })
  const { access_token: token } = (await (await logIn()).json()) as { access_token: string }
  const me = () => fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${token}` } })
  t.equal((await me()).status, 200)

  const disabled = await cli(['users', 'set', 'ada', '--disable', '--json', '--verbose'], env)
  t.match(JSON.parse(disabled.stdout), { username: 'ada', disabled: true })
  t.match(JSON.parse(disabled.stderr), {
    audit: { event: 'user.changed', by: 'command line', changed: ['disabled'], sessionsEnded: 1 },
  })
  await waitUntil(async () => (await me()).status === 401)
  t.equal((await logIn()).status, 401)

  t.equal((await cli(['users', 'set', 'ada', '--enable'], env)).code, 0)
  t.equal((await logIn()).status, 200)
})

t.test('set changes what is named and nothing else; delete deletes', async t => {
  const { path, env, ada } = await withAda(t)
  const set = async (...args: string[]) => JSON.parse((await cli(['users', 'set', ...args, '--json'], env)).stdout)

  t.match(await set('ada', '--email', 'ADA@example.com'), { email: 'ada@example.com', role: 'admin' })
  t.match(await set(ada.user_id, '--role', 'user'), { email: 'ada@example.com', role: 'user' })
  const asItIs = ['ada', '--email', 'Ada@example.com', '--role', 'user', '--enable']
  t.match(await set(...asItIs), { email: 'ada@example.com', role: 'user' }, 'nobody is in their own way')
  t.match(await set('ada', '--no-email'), { email: null, role: 'user' })
  const changed = await cli(['users', 'set', 'ada', '--password-stdin'], env, `${secret} again`)
  t.equal(changed.code, 0)
  const { logIn } = await testApp(t, { sqlitePath: path })
  await t.rejects(logIn('ada', secret), /401/)
  t.ok((await logIn('ada', `${secret} again`)).access_token)

  t.equal((await cli(['users', 'delete', 'ada', '--yes'], env)).code, 0)
  await t.rejects(logIn('ada', `${secret} again`), /401/)
})

t.test("a text that is one user's name and another's id is not guessed at", async t => {
  const { env } = await place(t)
  await cli(['users', 'import', '-'], env, '{"username":"bob","user_id":"1042"}\n{"username":"1042"}\n')

  const { code, stderr } = await cli(['users', 'delete', '1042', '--yes'], env)
  t.equal(code, 1)
  t.match(stderr, '--by name or --by id')
  const deleted = await cli(['users', 'delete', '1042', '--yes', '--by', 'id', '--json'], env)
  t.equal(JSON.parse(deleted.stdout).username, 'bob')
  t.match((await cli(['users', 'list'], env)).stdout, /^\S+\t1042\t[^\n]+\n$/)
})
