/**
 * `npm run test:compose`: compose.yaml in a real engine, from the first start to the day when it is started anew, told as one
 * story. The suite leaves it out, because it takes an engine and minutes.
 */
import t, { type Test } from 'tap'
import { waitUntil } from '../helpers/process.ts'
import { findEngine } from './engine.ts'
import { createStack } from './stack.ts'
import { get, logIn, post, startStreams, type Tally } from './streams.ts'

const engine = findEngine()
t.setTimeout(1_200_000)
t.comment(`with ${engine.name}`)
const stack = await createStack(t, engine)
const { url } = stack
await stack.up()
const instances = ['signet-1', 'signet-2']
/** They log in at the beginning, and never again. */
const [maria, thirdy] = [await logIn(url, 'maria'), await logIn(url, 'thirdy')]

const told = ({ answered, unavailable }: Tally) =>
  `${JSON.stringify(answered)}, ${unavailable.length} times unavailable`

/** The same requests all the while. */
async function under(act: () => Promise<void>): Promise<Tally> {
  const streams = startStreams(url, await logIn(url, 'maria'), 'maria')
  await act().finally(streams.stop)
  t.comment(told(streams.tally))
  return streams.tally
}

async function restartOneAfterTheOther() {
  for (const instance of instances) await stack.restart(instance)
}

function lostNone(t: Test, { unavailable, wrong }: Pick<Tally, 'unavailable' | 'wrong'>) {
  t.strictSame(wrong, [])
  t.strictSame(unavailable, [])
}

await t.test('the application is told who is asking, and only by the gateway', async t => {
  const spoofed = ['X-Auth-User-Id', 'user-1', 'X_Auth_Role', 'admin', 'x-auth-role', 'admin', 'Remote-User', 'thirdy']
  const { status, body } = await get(`${url}/orders`, maria, spoofed)
  t.equal(status, 200)
  for (const line of ['User-Id: user-2', 'Username: maria', 'Email: -', 'Role: user'])
    t.match(body, new RegExp(`^X-Auth-${line}\\r?$`, 'm'))
  t.equal(body.match(/^x.auth.(user.id|role):/gim)?.length, 2, 'each once')
  t.notMatch(body, /admin|user-1|thirdy|remote.user|authorization/i)

  t.equal((await get(`${url}/orders`, { ...maria, access_token: 'a.b.c' }, spoofed)).status, 401)
  t.equal((await get(`${url}/admin`, maria, spoofed)).status, 403)
  t.equal((await get(`${url}/admin`, thirdy)).status, 200)
  for (const path of ['/verify', '/health/ready'])
    t.notMatch((await get(url + path, maria)).headers, { 'x-auth-role': '' })
})

await t.test('Signet knows a client by the address that the gateway saw, not by one that it writes', async t => {
  const tokens = await logIn(url, 'maria', ['X-Forwarded-For', '203.0.113.7', 'X-Real-IP', '203.0.113.7'])
  const { sessions } = JSON.parse((await get(`${url}/sessions`, tokens)).body) as {
    sessions: Record<string, unknown>[]
  }
  const seen = String(sessions.find(({ current }) => current)?.['ip'])
  t.not(seen, '203.0.113.7')
  const ofGateway = await stack.compose('exec', '-T', 'gateway', 'hostname', '-i')
  t.notOk(ofGateway.split(/\s+/).includes(seen), "nor is it the gateway's own: Signet believes what it says")
})

await t.test('a rolling restart of both instances loses no request', async t => {
  const { answered, ...tally } = await under(restartOneAfterTheOther)
  lostNone(t, tally)
  for (const [path, count] of Object.entries(answered)) t.ok(count > 100, `${path}: ${count} answers`)
})

await t.test(
  'while PostgreSQL restarts the answer is "not now", never a wrong one, and it comes back by itself',
  async t => {
    const { wrong } = await under(async () => {
      await stack.restart('postgres')
      await waitUntil(() => logIn(url, 'maria').then(Boolean, () => false), 60)
    })
    t.strictSame(wrong, [])
    const after = await under(() => new Promise(resolve => setTimeout(resolve, 2000)))
    t.strictSame([after.unavailable, after.wrong], [[], []], 'and then it is all there')
  },
)

await t.test('a new secret, as docs/docker.md says, logs nobody out', async t => {
  const [former, coming] = ['jwt-secret-key', 'jwt-secret-key-fallback'].map(stack.readSecret)
  stack.writeSecret('jwt-secret-key', coming ?? '')
  stack.writeSecret('jwt-secret-key-fallback', former ?? '')
  lostNone(t, await under(restartOneAfterTheOther))
})

await t.test('after `down` and `up` everybody is still logged in', async t => {
  await stack.down()
  await t.rejects(get(`${url}/me`, thirdy), 'nothing is there')
  await stack.up()
  for (const tokens of [maria, thirdy]) {
    t.equal((await get(`${url}/orders`, tokens)).status, 200)
    const answer = await post(`${url}/refresh`, { refresh_token: tokens.refresh_token })
    t.equal(answer.status, 200, answer.body)
  }
})
