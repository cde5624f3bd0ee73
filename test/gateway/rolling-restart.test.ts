/** Two instances on one database are restarted one after the other while requests keep coming: none is lost. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { ask, type GatewayName, hasGateway, startEcho, startGateway } from '../helpers/gateways.ts'
import { freePort, startServer, temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const publicUrl = 'https://auth.example.com'
const asJson = ['Content-Type', 'application/json']

t.test('a rolling restart loses no request behind any gateway', async t => {
  const names = (['nginx', 'caddy', 'haproxy'] satisfies GatewayName[]).filter(name => hasGateway(t, name))
  if (names.length === 0) return
  const ports = [await freePort(), await freePort()] as const
  const env = {
    DATABASE_URL: `sqlite:${join(await temporaryFolder(t), 'signet.db')}`,
    JWT_SECRET_KEY: newSecret(),
    JWT_ALGORITHM: 'ES256',
    PUBLIC_URL: publicUrl,
    TRUSTED_PROXIES: 'loopback',
    REFRESH_RACE_WINDOW: '0', // so that every refresh is a write
    SHUTDOWN_GRACE: '60', // as by default, an instance says for 3 seconds that it will stop; then it has time
    LOG_LEVEL: 'warn',
  }
  const start = (port: number) => startServer(t, { ...env, PORT: String(port) })
  const signets = [await start(ports[0]), await start(ports[1])]
  const app = await startEcho(t)

  const lost: string[] = []
  const answered: Record<string, number> = {}
  let going = true

  /**
   * Asks again and again, each time on a new connection, and remembers whatever was not 200. With pauses: a connection that
   * was closed keeps its port for a minute, and a machine has 28,000 of them for each address.
   */
  async function stream(name: string, act: () => ReturnType<typeof ask>): Promise<void> {
    for (answered[name] = 0; going; ) {
      const answer = await act().catch((error: Error) => ({ status: 0, body: error.message }))
      if (answer.status === 200) answered[name]++
      else lost.push(`${name}: ${answer.status} ${answer.body}`)
      await sleep(10)
    }
  }

  const streams: Promise<void>[] = []
  for (const name of names) {
    const gateway = await startGateway(t, name, { signets: ports, app, publicUrl, algorithm: 'ES256' })
    const post = (path: string, body: object) =>
      ask(`${gateway.url}${path}`, { method: 'POST', headers: asJson, body: JSON.stringify(body) })
    const login = await post('/login', { username: 'maria', password: 'demo123' })
    let { access_token: access, refresh_token: refresh } = JSON.parse(login.body)
    const get = (path: string) => ask(`${gateway.url}${path}`, { headers: ['Authorization', `Bearer ${access}`] })
    streams.push(
      stream(`${name} /orders`, () => get('/orders')),
      stream(`${name} /me`, () => get('/me')),
      stream(`${name} /refresh`, async () => {
        const answer = await post('/refresh', { refresh_token: refresh })
        if (answer.status === 200) ({ access_token: access, refresh_token: refresh } = JSON.parse(answer.body))
        return answer
      }),
    )
  }

  for (const [index, port] of ports.entries()) {
    t.equal(await signets[index]?.stop('SIGTERM'), 0, `instance ${index + 1} has stopped`)
    await start(port)
    await sleep(1500) // what a rollout waits for: the gateways see it ready
  }
  going = false
  await Promise.all(streams)

  t.strictSame(lost, [])
  for (const [name, count] of Object.entries(answered)) t.ok(count > 50, `${name}: ${count} answers`)
})
