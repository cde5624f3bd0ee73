/** Three real servers on one real PostgreSQL: what several instances promise, and what they do when it goes away. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { amount } from '../helpers/long.ts'
import { runSql, startPostgres } from '../helpers/postgres.ts'
import { postJson, startServer, waitUntil } from '../helpers/process.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const postgres = await startPostgres(t)
const env = {
  DATABASE_URL: postgres.url(),
  JWT_SECRET_KEY: newSecret(),
  LOGIN_LIMIT_PER_IP: '30',
  REFRESH_RACE_WINDOW: '1', // so that a session can be rotated every second
  REFRESH_RETRIES_PER_DAY: '1000',
  LOG_LEVEL: 'error',
}
const servers = await Promise.all([1, 2, 3].map(() => startServer(t, env)))
const urls = servers.map(({ url }) => url)
const urlOf = (i: number) => urls[i % urls.length] ?? ''

async function logIn(url = urlOf(0)): Promise<TokenResponse> {
  const response = await postJson(`${url}/login`, { username: 'thirdy', password: 'demo123' })
  if (response.status !== 200) throw new Error(`login answered ${response.status}`)
  return (await response.json()) as TokenResponse
}

async function refresh(url: string, token: string) {
  const response = await postJson(`${url}/refresh`, { refresh_token: token })
  const body = (await response.json()) as TokenResponse & { detail: string }
  return { status: response.status, headers: response.headers, cause: response.headers.get('signet-refresh'), body }
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const me = (url: string, token: string) => fetch(`${url}/me`, bearer(token))

t.test('three servers that start together seed one database once', async t => {
  t.strictSame(await runSql(postgres.url(), 'SELECT count(*)::int FROM users'), [{ count: 2 }])
})

const rounds = amount('RACE_ROUNDS', 2, 20)
const outageSeconds = amount('OUTAGE_SECONDS', 1.2, 10)

for (let round = 1; round <= rounds; round++) {
  t.test(`200 refreshes of one token over three servers: 200 answers, one successor, round ${round}`, async t => {
    await runSql(postgres.url(), 'DELETE FROM limits')
    const { refresh_token: token } = await logIn(urlOf(round))

    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => refresh(urlOf(i), token)))

    t.equal(answers.filter(({ status }) => status === 200).length, 200)
    t.equal(new Set(answers.map(({ body }) => body.refresh_token)).size, 1)
    t.equal(answers.filter(({ cause }) => cause === 'rotated').length, 1)
    const sid = claimsOf(token)['sid']
    t.strictSame(await runSql(postgres.url(), `SELECT generation::int FROM sessions WHERE sid = '${sid}'`), [
      { generation: 1 },
    ])
  })
}

t.test('a logout on one server is known to the others by itself', async t => {
  const { access_token: token } = await logIn()
  for (const url of urls) t.equal((await me(url, token)).status, 200)

  t.equal((await fetch(`${urlOf(0)}/logout`, { method: 'POST', ...bearer(token) })).status, 204)

  t.equal((await me(urlOf(0), token)).status, 401, 'at once where it happened')
  const endedAt = performance.now()
  for (const url of urls) await waitUntil(async () => (await me(url, token)).status === 401)
  t.comment(`after ${Math.round(performance.now() - endedAt)} ms`)
})

t.test('PostgreSQL goes under a load of refreshes and comes back: 503 in between, no session lost', async t => {
  await runSql(postgres.url(), 'DELETE FROM limits')
  const tokens: string[] = []
  while (tokens.length < 12) tokens.push((await logIn(urlOf(tokens.length))).refresh_token)
  const mistakes: string[] = []
  const seen: Record<string, number> = {}
  let over = false

  /** Refreshes one session round the servers; after a 503 with the same token again. */
  async function stream(client: number): Promise<void> {
    for (let turn = client; !over; turn++) {
      const before = tokens[client] ?? ''
      const { status, headers, cause, body } = await refresh(urlOf(turn), before)
      seen[cause ?? status] = (seen[cause ?? status] ?? 0) + 1
      if (status === 503) {
        if (headers.get('retry-after') !== '1') mistakes.push(`client ${client}: 503 without Retry-After`)
        await sleep(50)
      } else if (status !== 200) {
        over = true
        mistakes.push(`client ${client}: ${status} ${body.detail}`)
      } else {
        const [was, is] = [before, body.refresh_token].map(token => Number(claimsOf(token)['gen']))
        if (cause !== 'repeated' && is !== Number(was) + 1) mistakes.push(`client ${client}: from ${was} to ${is}`)
        tokens[client] = body.refresh_token
        await sleep(10) // hardly a load for PostgreSQL, and less than all of a processor for the rest
      }
    }
  }

  const streams = tokens.map((_, client) => stream(client))
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    await sleep(300)
    await postgres.stop(signal)
    await sleep(outageSeconds * 1000)
    const ready = await Promise.all(urls.map(async url => (await fetch(`${url}/health/ready`)).status))
    const live = await Promise.all(urls.map(async url => (await fetch(`${url}/health/live`)).status))
    t.strictSame({ ready, live }, { ready: [503, 503, 503], live: [200, 200, 200] }, signal)
    await postgres.start()
    for (const url of urls) await waitUntil(async () => (await fetch(`${url}/health/ready`)).ok)
  }
  await sleep(300)
  over = true
  await Promise.all(streams)

  t.strictSame(mistakes, [])
  t.ok(Number(seen['rotated']) > 12 && Number(seen['503']) > 10)
  t.comment(JSON.stringify(seen))
  for (const [i, token] of tokens.entries()) {
    const { sid, gen } = claimsOf(token)
    const [row] = await runSql(postgres.url(), `SELECT generation::int, revoked_at FROM sessions WHERE sid = '${sid}'`)
    t.strictSame(row, { generation: gen, revoked_at: null }, `client ${i} has the newest token of a live session`)
  }
  for (const server of servers) t.equal(server.process.exitCode, null, 'no restart')
})

t.test('the limit of logins from one address is one for all servers', async t => {
  await runSql(postgres.url(), 'DELETE FROM limits') // so that the minute begins here
  const attempt = async (i: number) => (await postJson(`${urlOf(i)}/login`, { username: 'x', password: 'x' })).status
  const statuses: number[] = []
  while (statuses.at(-1) !== 429 && statuses.length < 31) statuses.push(await attempt(statuses.length))
  t.ok(statuses.length < 31, `${statuses.length} attempts more`)
  for (const i of [0, 1, 2]) t.equal(await attempt(i), 429)
})

t.test('a server that starts before its database answers 503 until it comes, and then serves', async t => {
  await runSql(postgres.url(), 'DELETE FROM limits')
  const { access_token: token } = await logIn()
  await postgres.stop()
  const early = await startServer(t, env, 'live')
  t.equal((await fetch(`${early.url}/health/ready`)).status, 503)
  const refused = [
    await postJson(`${early.url}/login`, { username: 'thirdy', password: 'demo123' }),
    await postJson(`${early.url}/refresh`, { refresh_token: token }),
    await me(early.url, token),
  ]
  for (const answer of refused) {
    t.equal(answer.status, 503, answer.url)
    t.equal(answer.headers.get('retry-after'), '1', answer.url)
    t.match(await answer.json(), { code: 'unavailable', detail: 'Temporarily unavailable' })
  }

  await postgres.start()

  const startedAt = performance.now()
  await waitUntil(async () => (await fetch(`${early.url}/health/ready`)).ok)
  t.comment(`ready ${Math.round(performance.now() - startedAt)} ms after the database`)
  t.equal((await me(early.url, token)).status, 200)
  t.ok(await logIn(early.url))
  t.notMatch(early.output(), postgres.password)
})
