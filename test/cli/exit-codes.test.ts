/** How a command ends when something is wrong: one line, an exit code, no secret, and nothing done. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { version } from '../../src/base/version.ts'
import { cli, cliProcess } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const secret = 'an unlikely sentence 7'

/** An empty place for a database, and the only variable that is needed for it. */
async function place(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  return { path, env: { DATABASE_URL: `sqlite:${path}` } }
}

async function withAda(t: Test) {
  const { path, env } = await place(t)
  await cli(['users', 'add', 'ada', '--password-stdin'], env, secret)
  return { path, env }
}

t.test('a password is never taken from an argument, and one that is given there is not repeated', async t => {
  const { path, env } = await place(t)
  const attempts = [
    ['users', 'add', 'ada', '--password', 'hunter2hunter2'],
    ['users', 'add', 'ada', '--password=hunter2hunter2'],
    ['users', 'add', 'ada', '-phunter2hunter2'],
    ['users', 'add', 'ada', 'hunter2hunter2'],
    ['users', 'set', 'ada', '--password', 'hunter2hunter2'],
    ['users', 'set', 'ada', "--password=it's hunter2hunter2's"],
    ['users', 'set', 'ada', '--password-stdin=hunter2hunter2'],
  ]
  for (const args of attempts) {
    const { code, stdout, stderr } = await cli(args, env)
    t.equal(code, 2, args.join(' '))
    t.equal(stdout, '')
    t.match(stderr, /^signet: [^\n]+\n$/, 'one line')
    t.notMatch(stderr, 'hunter2')
  }
  t.notOk(existsSync(path))
})

t.test('exit codes: 0 done, 1 failed, 2 called in a wrong way; each with one line that says why', async t => {
  const { env: database } = await withAda(t)
  const env = { ...database, SMTP_URL: 'smtp://127.0.0.1' }
  const cases: [code: number, says: string, args: string[], input?: string][] = [
    [1, 'Username or e-mail is taken', ['users', 'add', 'ADA', '--password-stdin'], secret],
    [1, 'password is one of the most common passwords', ['users', 'add', 'bob', '--password-stdin'], 'password1'],
    [1, 'there is no password on standard input', ['users', 'add', 'bob', '--password-stdin']],
    [1, 'the name must be 1 to 64 letters and digits', ['users', 'add', 'a b', '--password-stdin'], secret],
    [1, 'email must be an e-mail address', ['users', 'set', 'ada', '--email', 'nowhere']],
    [1, 'no such user', ['users', 'set', 'bob', '--disable']],
    [1, 'no such user', ['users', 'delete', 'bob', '--yes']],
    [1, 'no such session', ['sessions', 'end', '-bcdefghijklmnopqrstuv']],
    [2, 'there is no terminal', ['users', 'add', 'bob']],
    [2, 'use --yes', ['users', 'delete', 'ada']],
    [2, 'nothing to change', ['users', 'set', 'ada']],
    [
      2,
      'the role admim is not admin: add --yes',
      ['users', 'add', 'bob', '--role', 'admim', '--password-stdin'],
      secret,
    ],
    [2, 'the role adimn is not admin', ['users', 'set', 'ada', '--role', 'adimn']],
    [2, 'the role administrator is not admin', ['users', 'set', 'ada', '--role', 'administrator']],
    [2, 'the role users is not user', ['users', 'set', 'ada', '--role', 'users']],
    [2, 'the role usr is not user', ['users', 'invite', 'bob', '--email', 'bob@example.com', '--role', 'usr']],
    [2, 'cannot be used with', ['users', 'list', '--q', 'a', '--prefix', 'a']],
    [2, 'a role is', ['users', 'set', 'ada', '--role', 'Big Boss']],
    [2, 'cannot be used with', ['users', 'set', 'ada', '--enable', '--disable']],
    [2, '--limit must be', ['users', 'list', '--limit', '0']],
    [2, 'either a session id or --user', ['sessions', 'end']],
    [2, 'either a session id or --user', ['sessions', 'end', 'abcdefghijklmnopqrstuv', '--user', 'ada']],
    [2, "unknown command 'frobnicate'", ['frobnicate']],
    [2, "missing required argument 'file'", ['users', 'import']],
  ]
  for (const [code, says, args, input] of cases) {
    const ended = await cli(args, env, input)
    t.equal(ended.code, code, args.join(' '))
    t.match(ended.stderr, /^signet: [^\n]+\n$/)
    t.match(ended.stderr, says)
    t.equal(ended.stdout, '')
  }
})

t.test('nobody is asked who would not see the question, or could not answer it', async t => {
  const { env } = await withAda(t)
  for (const words of [
    'users delete ada',
    'users add bob',
    'users set ada --password',
    'users set ada --role admim',
    'users factors ada --remove',
    'keys rotate --emergency',
  ]) {
    for (const terminal of ['stdin', 'stderr'] as const) {
      const signing = { ...env, JWT_SECRET_KEY: newSecret(), JWT_ALGORITHM: 'ES256' }
      const { code, stderr } = await cli(words.split(' '), signing, 'y\n', [terminal])
      t.equal(code, 2, `${words}, with a terminal as ${terminal} alone`)
      t.match(stderr, /^signet: [^\n]+\n$/)
    }
  }
})

t.test('a role of your own is no slip, and --yes says so of one that looks like it', async t => {
  const { env } = await withAda(t)
  for (const role of ['editor', 'admin', 'user', 'superuser', 'dmin-of-nothing'])
    t.match(await cli(['users', 'set', 'ada', '--role', role], env), { code: 0, stderr: '' }, role)
  t.match(await cli(['users', 'set', 'ada', '--role', 'admim', '--yes'], env), { code: 0, stdout: /\tadmim\t/ })
})

t.test('--version is that of the package; --q was called --prefix once, which goes on', async t => {
  t.match(await cli(['--version'], {}), { code: 0, stdout: `${version}\n`, stderr: '' })
  t.match(await cliProcess(['--version'], {}), { code: 0, stdout: `${version}\n`, stderr: '' })
  const { env } = await withAda(t)
  for (const option of ['--q', '--prefix']) {
    t.match((await cli(['users', 'list', option, 'AD'], env)).stdout, '\tada\t')
    t.equal((await cli(['users', 'list', option, 'b'], env)).stdout, '')
  }
  t.match((await cli(['users', 'list', '--help'], {})).stdout, /--q <text>(?![\s\S]*--prefix)/)
})

t.test('a process ends with the code of its command', async t => {
  const { env } = await place(t)
  const ended = await Promise.all(
    [['--help'], ['users', 'list'], ['frobnicate'], ['healthcheck']].map(args =>
      cliProcess(args, { ...env, PORT: '1' }),
    ),
  )
  t.strictSame(
    ended.map(one => one.code),
    [0, 1, 2, 1],
  )
})

t.test('only DATABASE_URL matters: neither a secret nor PUBLIC_URL, and a wrong one is named, not shown', async t => {
  const { env } = await withAda(t)
  t.equal((await cli(['users', 'list'], { ...env, HOST: '0.0.0.0', JWT_SECRET_KEY: 'short', PORT: 'x' })).code, 0)

  const wrong = await cli(['users', 'list'], { DATABASE_URL: 'mysql://root:hunter2@db' })
  t.equal(wrong.code, 1)
  t.match(wrong.stderr, /^signet: DATABASE_URL must be/)
  t.notMatch(wrong.stderr, 'hunter2')
  t.match((await cli(['users', 'list'], { DATABASE_URL: 'sqlite::memory:' })).stderr, 'DATABASE_URL is in memory')
})

t.test('looking does not make a database where there is none', async t => {
  const { path, env } = await place(t)
  for (const words of [
    'users list',
    'users set ada --disable',
    'users unlock ada',
    'users delete ada --yes',
    'users factors ada',
    'users factors ada --remove --yes',
    'users factors --remove-all --yes',
    'sessions list',
    'sessions end 1234567890123456789012',
    'sessions end --user ada',
    'mail status',
    'mail retry',
    'keys status',
    'keys stage',
    'keys rotate',
    'keys rotate --emergency --yes',
    'keys seal',
    `db backup ${path}.copy`,
  ]) {
    const { code, stderr } = await cli(words.split(' '), {
      ...env,
      JWT_SECRET_KEY: newSecret(),
      JWT_ALGORITHM: 'ES256',
    })
    t.equal(code, 1, words)
    t.match(stderr, 'there is no database at', words)
  }
  t.notOk(existsSync(`${path}.copy`))
  t.notOk(existsSync(path))
})

t.test('help is the same before a group of commands as behind it', async t => {
  const [before, behind] = [await cli(['help', 'users'], {}), await cli(['users', '--help'], {})]
  t.match(before.stdout, 'invite')
  t.strictSame(before, behind)
})

t.test('a backup of PostgreSQL is refused before anybody is asked: it has its own', async t => {
  const env = { DATABASE_URL: 'postgres://signet:secret@127.0.0.1:1/signet' }
  t.match(await cli(['db', 'backup', '/nowhere/copy.db'], env), { code: 1, stdout: '', stderr: /pg_dump -Fc/ })
})
