/** What a login costs the database: round trips to PostgreSQL, commits of SQLite. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type TestApp, testApp } from '../helpers/app.ts'
import { emptyDatabase, serverOf } from '../helpers/postgres.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { statementsDuring } from '../helpers/statements.ts'
import { walCommits } from '../helpers/wal-commits.ts'

const limits = { loginLimitPerIp: 30, loginFreeFailures: 5, secondFactor: 'optional' } as const
const limit = 'count'
const lookUp = 'find user and book attempt'
const begin = 'create session'

type Body = { username: string; password: string; device?: string }

function logInTo({ app }: TestApp) {
  return (body: Partial<Body> = {}) =>
    app.inject({ method: 'POST', url: '/login', body: { username: 'thirdy', password: 'demo123', ...body } })
}

t.test('PostgreSQL: a login is three statements', async t => {
  const app = await testApp(t, { ...limits, sessionsPerUser: 4, database: serverOf(await emptyDatabase(t)) })
  await app.app.stores.users.update('user-1', { email: 'thirdy@example.com' })
  const logIn = logInTo(app)
  const during = async (body: Partial<Body> = {}) => {
    const { statements, result } = await statementsDuring(() => logIn(body))
    return { status: result.statusCode, statements, device: result.json().refresh_token as string }
  }

  const first = await during()
  t.match(first, { status: 200, statements: [limit, lookUp, begin] })
  t.match(await during(), { status: 200, statements: [limit, lookUp, begin] }, 'where one has logged in before')
  t.match(await during({ device: first.device }), { status: 200, statements: [limit, lookUp, begin] }, 'by a device')
  const address = { username: 'thirdy@example.com' }
  const byAddress = [limit, 'user by e-mail', 'book attempt', begin]
  t.match(await during(address), { status: 200, statements: byAddress }, 'one more for an address')
  const displacing = [limit, lookUp, begin, 'end sessions beyond the limit']
  t.match(await during(), { status: 200, statements: displacing }, 'and one when a session ends for it')
  t.match(await during({ password: 'wrong' }), { status: 401, statements: [limit, lookUp] }, 'a failure has no third')
  t.match(await during({ username: 'nobody' }), { status: 401, statements: [limit, lookUp] }, 'whoever it is')
})

async function withFile(t: Test) {
  const path = join(await temporaryFolder(t), 'signet.db')
  const app = await testApp(t, { ...limits, sessionsPerUser: 4, sqlitePath: path })
  await app.app.stores.users.update('user-1', { email: 'thirdy@example.com' })
  const logIn = logInTo(app)
  const during = async (body: Partial<Body> = {}) => {
    const before = walCommits(path)
    const { statusCode } = await logIn(body)
    return { status: statusCode, commits: walCommits(path) - before }
  }
  return { app, logIn, during }
}

t.test('SQLite: a login is two commits', async t => {
  const { logIn, during } = await withFile(t)
  const device = (await logIn()).json().refresh_token
  for (const body of [{}, { device }, { username: 'thirdy@example.com' }, {}]) {
    t.match(await during(body), { status: 200, commits: 2 }, JSON.stringify(Object.keys(body)))
  }
  t.match(await during({ password: 'wrong' }), { status: 401, commits: 1 })
  t.match(await during({ username: 'nobody' }), { status: 401, commits: 1 })
})

t.test('SQLite: what is within the limit of an address goes on, and what is beyond it waits for its count', async t => {
  const { app, during } = await withFile(t)
  const { increment } = app.app.stores.limits
  for (let i = 0; i < 28; i++) await increment('address:127.0.0.1', 60)
  t.match(await during({ password: 'wrong' }), { status: 401 })
  t.match(await during({ password: 'wrong' }), { status: 401, commits: 1 }, 'the thirtieth')
  t.match(await during({ password: 'wrong' }), { status: 429, commits: 1 }, 'refused, and counted')
  app.clock.advance(61)
  const attempts = Array.from({ length: 40 }, () => logInTo(app)({ username: 'x', password: 'y' }))
  const refused = (await Promise.all(attempts)).filter(({ statusCode }) => statusCode === 429)
  t.ok(refused.length >= 10, `of 40 at once ${refused.length} are refused`)
  t.equal((await increment('address:127.0.0.1', 60)).count, 41, 'and each is counted once')
})
