/** A real server, real sockets, real signals: what must hold when many things happen at once. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { amount } from '../helpers/long.ts'
import { postJson, startServer, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const demo = { username: 'thirdy', password: 'demo123' }

async function logIn(url: string): Promise<TokenResponse> {
  const response = await postJson(`${url}/login`, demo)
  if (response.status !== 200) throw new Error(`login answered ${response.status}`)
  return (await response.json()) as TokenResponse
}

async function refresh(url: string, token: string) {
  const response = await postJson(`${url}/refresh`, { refresh_token: token })
  return {
    status: response.status,
    cause: response.headers.get('signet-refresh'),
    body: (await response.json()) as TokenResponse & { detail: string },
  }
}

t.test('200 refreshes of one token at once give 200 answers and one successor', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const server = await startServer(t, { DATABASE_URL: `sqlite:${path}` })
  const { refresh_token: token } = await logIn(server.url)

  const answers = await Promise.all(Array.from({ length: 200 }, () => refresh(server.url, token)))

  t.equal(answers.filter(one => one.status === 200).length, 200)
  t.equal(new Set(answers.map(one => one.body.refresh_token)).size, 1)
  t.equal(answers.filter(one => one.cause === 'rotated').length, 1)
  const database = new DatabaseSync(path, { readOnly: true })
  t.strictSame(
    database
      .prepare('SELECT generation FROM sessions')
      .all()
      .map(row => row['generation']),
    [1],
  )
  database.close()
})

t.test('without retries, the token used before ends its session and the access tokens of it at once', async t => {
  const server = await startService(t, { REFRESH_RETRIES_PER_DAY: '0', REFRESH_RACE_WINDOW: '0' })
  const { refresh_token: token } = await logIn(server.url)
  const { body } = await refresh(server.url, token)
  const me = () => fetch(`${server.url}/me`, { headers: { authorization: `Bearer ${body.access_token}` } })
  t.equal((await me()).status, 200)

  const reused = await refresh(server.url, token)

  t.equal(reused.status, 401)
  t.equal(reused.body.detail, 'Token revoked')
  const refused = await me()
  t.equal(refused.status, 401)
  t.match(await refused.json(), { detail: 'Token revoked' })
})

const kills = amount('KILL_ROUNDS', 5, 200)

t.test(
  `killed ${kills} times amid refreshes, no session is lost and none doubled`,
  { timeout: 60_000 + kills * 20_000 },
  async t => {
    const path = join(await temporaryFolder(t), 'signet.db')
    const env = {
      DATABASE_URL: `sqlite:${path}`,
      JWT_SECRET_KEY: newSecret(),
      REFRESH_RACE_WINDOW: '0', // so that every refresh is a write
      REFRESH_RETRIES_PER_DAY: '1000',
      LOG_LEVEL: 'error',
    }
    let server = await startServer(t, env)
    const clients = await Promise.all(Array.from({ length: 4 }, () => logIn(server.url)))
    const tokens = clients.map(one => one.refresh_token)
    const mistakes: string[] = []
    const seen = { rotated: 0, retried: 0 }

    /** Refreshes one session until the server is gone; the token is replaced only when an answer arrived. */
    async function stream(client: number): Promise<void> {
      for (;;) {
        const before = tokens[client] ?? ''
        const answer = await refresh(server.url, before).catch(() => undefined)
        if (!answer) return
        if (answer.status !== 200) {
          mistakes.push(`client ${client}: ${answer.status} ${answer.body.detail}`)
          return
        }
        const [was, is] = [claimsOf(before)['gen'], claimsOf(answer.body.refresh_token)['gen']]
        if (is !== Number(was) + 1) mistakes.push(`client ${client}: from generation ${was} to ${is}`)
        seen[answer.cause as keyof typeof seen]++
        tokens[client] = answer.body.refresh_token
      }
    }

    for (let round = 0; round < kills; round++) {
      const streams = tokens.map((_, client) => stream(client))
      while (seen.rotated < (round + 1) * 2 && mistakes.length === 0) await sleep(5)
      await sleep(30 + Math.random() * 120)
      await server.stop('SIGKILL')
      await Promise.all(streams)
      server = await startServer(t, env)
    }
    for (const token of tokens) t.equal((await refresh(server.url, token)).status, 200)

    t.strictSame(mistakes, [])
    t.ok(seen.rotated > kills, `${seen.rotated} refreshes rotated, ${seen.retried} were lost answers retried`)
    t.comment(`${seen.rotated} rotated, ${seen.retried} lost answers retried`)
    const database = new DatabaseSync(path, { readOnly: true })
    const rows = database.prepare('SELECT revoked_at FROM sessions').all()
    t.equal(rows.length, 4)
    t.ok(rows.every(row => row['revoked_at'] === null))
    database.close()
  },
)

t.test('SIGTERM: readiness fails first, requests in flight are answered, and it exits with 0', async t => {
  const server = await startServer(t, { BCRYPT_COST: '12' })
  const slow = postJson(`${server.url}/login`, demo)

  const ended = server.stop('SIGTERM')
  await waitUntil(async () => (await fetch(`${server.url}/health/ready`)).status === 503)
  t.equal((await fetch(`${server.url}/health/live`)).status, 200, 'still accepting, for gateways that look away slowly')

  t.equal((await slow).status, 200)
  t.equal(await ended, 0)
})
