/** What strangers wrote, and what somebody pasted, is shown by a terminal and never obeyed by it. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { cli, cliOnTerminal, noTerminal } from '../helpers/cli.ts'
import { root } from '../helpers/places.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

/** Escape sequences in seven and in eight bits, a bell, going back, and text that runs from right to left. */
const evil = 'evil\x1b[2J\x9b2J\x07\b\r\x7f\u202eabc\u2066\u200b\u2028'
const steering = /(?![\n\t])[\p{C}\u2028\u2029]/u
/** What the program itself writes to a terminal: line ends, and how its bar and its prompt move about. */
const ownSteering = [/\r/g, new RegExp(`${'\x1b'}${String.raw`\[(?:\d*[A-GJKSTm]|\?25[lh])`}`, 'g')]
const withoutOwn = (screen: string) => ownSteering.reduce((text, own) => text.replace(own, ''), screen)

/** A database in which every text of somebody's own is evil, as one of before may be. */
async function place(t: Test) {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'signet.db')
  const env = { DATABASE_URL: `sqlite:${path}`, JWT_SECRET_KEY: newSecret(), JWT_ALGORITHM: 'ES256' }
  await cli(['db', 'migrate'], env)
  const database = new DatabaseSync(path)
  database
    .prepare('INSERT INTO users (user_id, username, email, role, created_at) VALUES (?, ?, ?, ?, 1)')
    .run(...['id', evil, `${evil}@example.com`, evil])
  database
    .prepare(`INSERT INTO sessions (sid, user_id, created_at, expires_at, max_expires_at, ip, user_agent)
      VALUES (?, 'id', 1, 9999999999, 9999999999, ?, ?)`)
    .run(...['s'.repeat(22), evil, evil])
  database.close()
  return { folder, path, env }
}

t.test('tables, lines and JSON of users and sessions', async t => {
  const { env } = await place(t)
  for (const args of [
    ['users', 'list'],
    ['sessions', 'list'],
    ['users', 'set', 'id', '--disable'],
  ]) {
    const lines = await cli(args, env)
    t.match(lines.stdout, 'evil')
    t.notMatch(lines.stdout, steering, args.join(' '))
    const json = await cli(['--verbose', ...args, '--json'], env)
    t.notMatch(json.stdout + json.stderr, steering, `${args.join(' ')} --json`)
    const { username, user_agent: agent = evil } = JSON.parse(json.stdout)
    t.strictSame([username, agent], [evil, evil], 'JSON says the same and loses nothing')
  }
})

t.test('arguments and variables, in whatever message they come back', async t => {
  const { env, folder } = await place(t)
  const lines = join(folder, `${evil}.csv`)
  writeFileSync(lines, `username,${evil}\n`)
  const calls = [
    [evil],
    ['users', evil],
    ['users', 'list', `--${evil}`],
    ['users', 'list', '--limit', evil],
    ['users', 'list', evil, evil],
    ['users', 'list', '--q', evil, '--prefix', evil],
    ['users', 'add', evil, '--password-stdin'],
    ['users', 'add', 'ana', '--role', evil],
    ['users', 'add', 'ana', '--email', evil],
    ['users', 'set', 'id', '--email', evil],
    ['users', 'set', evil, '--enable', '--by', evil],
    ['users', 'set', evil, '--enable'],
    ['users', 'delete', evil, '--yes'],
    ['users', 'unlock', evil],
    ['users', 'import', evil],
    ['users', 'import', lines],
    ['users', 'import', '-', '--report', join(folder, evil, 'x')],
    ['users', 'import', '-', '--format', evil],
    ['users', 'import', '-', '--from', evil],
    ['users', 'import', '-', '--from', 'firebase', '--parameters', evil],
    ['sessions', 'end', evil],
    ['sessions', 'end', '--user', evil],
    ['sessions', 'list', '--user', evil],
    ['keys', evil],
    ['db', 'backup', join(folder, evil, 'x')],
    ['db', 'restore', evil, '--yes'],
    ['db', 'copy', '--from', evil, '--to', evil],
    ['db', 'copy', '--from', `sqlite:${evil}`, '--to', `sqlite:${evil}`],
    ['db', 'copy', '--from-file', evil, '--to-file', evil],
  ]
  for (const args of calls) {
    const ended = await cli(args, env, '{"username":"x y"}')
    t.not(ended.code, 0, JSON.stringify(args).replace(/[^ -~]/g, '?'))
    t.match(ended.stderr, /^(?:signet: [^\n]+\n)+$/)
    t.notMatch(ended.stdout + ended.stderr, steering)
  }
  for (const wrong of [{ DATABASE_URL: `sqlite:/nowhere/${evil}` }, { DATABASE_URL: evil }, { HOST: evil }]) {
    const args = 'HOST' in wrong ? ['healthcheck'] : ['users', 'list']
    const ended = await cli(args, { ...env, DATABSE_URL: evil, ...wrong })
    t.equal(ended.code, 1)
    t.match(ended.stderr, /^signet: /)
    t.notMatch(ended.stderr, steering, Object.keys(wrong).join())
  }
})

t.test('a service that cannot start says so without them', async t => {
  const env = environment({ JWT_SECRET_KEY: newSecret(), PUBLIC_URL: 'https://a.example', HOST: evil })
  const { status, stderr } = spawnSync(process.execPath, ['src/server.ts'], { cwd: root, env, encoding: 'utf8' })
  t.equal(status, 1)
  t.match(stderr, /^signet: [^\n]+\n$/)
  t.notMatch(stderr, steering)
})

t.test('refused lines of an import, on the screen and in the report', async t => {
  const { env, folder } = await place(t)
  const report = join(folder, 'refused')
  const lines = `{"username":${JSON.stringify(evil)}}\n{"username":"ana",${JSON.stringify(evil)}:1}\n${evil}\n`
  t.notMatch((await cli(['users', 'import', '-'], env, lines)).stderr, steering)
  await cli(['users', 'import', '-', '--report', report], env, lines)
  t.match(readFileSync(report, 'utf8'), /^line 1: [^\n]+\nline 2: [^\n]+\nline 3: /)
  t.notMatch(readFileSync(report, 'utf8'), steering)
})

t.test('questions and tables on a terminal', { skip: noTerminal }, async t => {
  const { env } = await place(t)
  const { code, screen } = await cliOnTerminal(['users', 'delete', 'id'], env, [['[y/N]', 'n\r']])
  t.equal(code, 1)
  t.match(screen, /Delete evil.+end the sessions\?/)
  t.notMatch(withoutOwn(screen), steering)
  const listed = await cliOnTerminal(['sessions', 'list'], env)
  t.match(listed.screen, /user_agent/)
  t.notMatch(withoutOwn(listed.screen), steering)
})
