/** What the log of a process tells from its start to its stop. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildLab } from '../../lab/build.ts'
import { version } from '../../src/base/version.ts'
import { root } from '../helpers/places.ts'
import { postJson, startServer } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

type Line = Record<string, unknown>
const linesOf = (output: string): Line[] =>
  output
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))

t.test('the version is that of the package', t => {
  t.equal(version, JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version)
  t.end()
})

t.test('one line when it starts, one when it stops, and no health check in between', async t => {
  const server = await startServer(t, { HOST: '::', PUBLIC_URL: 'https://auth.example.com', JWT_ALGORITHM: 'EdDSA' })
  const [first, ...others] = linesOf(server.output()).filter(({ audit }) => !audit)
  t.match(first, { level: 30, version, issuer: 'https://auth.example.com', algorithm: 'EdDSA', database: 'sqlite' })
  t.match(first, { address: '::', port: server.port })
  t.same(others, [])

  const login = await postJson(`${server.url}/login`, { username: 'maria', password: 'demo123' })
  const { access_token: token } = (await login.json()) as { access_token: string }
  await postJson(`${server.url}/login`, { username: 'maria', password: 'wrong' })
  const headers = { authorization: `Bearer ${token}` }
  const listed = await (await fetch(`${server.url}/sessions`, { headers })).json()
  t.match(listed, { sessions: [{ ip: '127.0.0.1' }] }, 'the address of a session is that of IPv4')
  t.equal(await server.stop('SIGTERM'), 0)

  const lines = linesOf(server.output())
  t.notMatch(server.output(), /::ffff|listening|health/i)
  const addressed = lines.flatMap(({ ip, audit }) => [ip, (audit as Line | undefined)?.['ip']]).filter(Boolean)
  t.strictSame([...new Set(addressed)], ['127.0.0.1'])
  t.ok(addressed.length >= 5, 'of requests, and of audit lines')
  t.match(lines.at(-1), { level: 30, reason: 'SIGTERM', msg: 'stopping' })
  t.equal(lines.filter(({ msg }) => /stop/.test(String(msg))).length, 1)
})

t.test('health checks are logged at debug', async t => {
  const server = await startServer(t, { LOG_LEVEL: 'debug' })
  await server.stop('SIGINT')
  const lines = linesOf(server.output())
  t.match(
    lines.find(({ path }) => path === '/health/ready'),
    { level: 20, status: 200, msg: 'request' },
  )
  t.match(
    lines.find(({ msg }) => msg === 'stopping'),
    { reason: 'SIGINT' },
  )
})

t.test('a start warns of what is misspelt and of a random secret, and says where to look', async t => {
  await buildLab()
  const slips = { JWT_SECRET_KEY: 'random', JWT_SECRET: newSecret() }
  const server = await startServer(t, { ...slips, LAB: 'true', DOCS: 'true' })
  t.equal(await server.stop(), 0)
  const told = linesOf(server.output()).map(({ level, msg }) => `${level} ${msg}`)
  for (const line of [
    '40 JWT_SECRET is not known and does nothing: did you mean JWT_SECRET_KEY?',
    '40 JWT_SECRET_KEY=random: every token ends with this process; for practice only',
    '30 open http://localhost:3000 to see how tokens live',
    '30 Swagger UI: http://localhost:3000/docs',
  ]) {
    t.ok(told.includes(line), line)
  }
  t.notMatch(server.output(), slips.JWT_SECRET)
})

t.test('a full disk under standard output and error ends nothing', async t => {
  const server = await startServer(t, {}, 'ready', ['/bin/sh', '-c', 'exec "$@" >/dev/full 2>&1', 'sh'])
  const login = await postJson(`${server.url}/login`, { username: 'maria', password: 'demo123' })
  t.equal(login.status, 200)
  t.equal(server.process.exitCode, null)
  t.equal(await server.stop(), 0)
})
