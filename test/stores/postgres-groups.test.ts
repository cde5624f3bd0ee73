/** Refreshes that come together are one statement, and each of them ends as it would alone. */
import pg from 'pg'
import t, { type Test } from 'tap'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import type { SessionView, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { amount } from '../helpers/long.ts'
import { emptyDatabase, runSql, serverOf } from '../helpers/postgres.ts'
import { statementsDuring } from '../helpers/statements.ts'
import { away } from './opened-postgres.ts'

const policy = { idleSeconds: 1000, raceWindowSeconds: 30 }
const lives = { idleSeconds: 1000, maxAgeSeconds: 9000, ip: null, userAgent: null }

async function opened(t: Test, given?: string, clock = movableClock()) {
  const url = given ?? (await emptyDatabase(t))
  const stores = openPostgresStores(serverOf(url), clock)
  t.teardown(() => stores.close())
  await stores.ping()
  return { url, clock, stores }
}

/** Sessions of one user each, `s0`, `s1` and so on. */
async function begin({ users, sessions }: Stores, count: number): Promise<string[]> {
  const sids = Array.from({ length: count }, (_, i) => `s${i}`)
  for (const sid of sids) {
    await users.create({ userId: `of ${sid}`, username: sid, email: null, role: 'user', passwordHash: null })
    await sessions.create({ sid, userId: `of ${sid}`, ...lives }, 0)
  }
  return sids
}

const generationOf = (view: SessionView | undefined) => view?.session.generation

t.test('refreshes of one turn of the event loop are one statement, a single one is the single statement', async t => {
  const { stores } = await opened(t)
  const sids = await begin(stores, 20)
  const rotateAll = (generation: number) =>
    Promise.all(sids.map(sid => stores.sessions.rotate(sid, generation, { ...policy, raceWindowSeconds: 0 })))

  const { statements, result: rotated } = await statementsDuring(() => rotateAll(0))
  t.strictSame(statements, ['rotate sessions'])
  t.strictSame(rotated.map(generationOf), Array(20).fill(1))
  t.strictSame(
    rotated.map(view => [view?.session.sid, view?.user?.username]),
    sids.map(sid => [sid, sid]),
    'each gets its own',
  )
  const one = await statementsDuring(() => stores.sessions.rotate('s0', 1, policy))
  t.strictSame(one.statements, ['rotate session'])
})

t.test('each of a group ends as it would alone', async t => {
  const cases: Record<string, (stores: Stores, sid: string, url: string) => unknown> = {
    'it is live': () => {},
    'it was ended': ({ sessions }, sid) => sessions.revoke(sid, 'logout'),
    'its user is disabled': ({ users }, sid) => users.update(`of ${sid}`, { disabled: true }),
    'its user is gone': ({ users }, sid) => users.delete(`of ${sid}`),
    'it was rotated a moment ago': ({ sessions }, sid) => sessions.rotate(sid, 0, policy),
    'its user was disabled by hand': (_, sid, url) =>
      runSql(url, `UPDATE users SET disabled = true WHERE user_id = 'of ${sid}'`),
  }
  const both: unknown[][] = []
  const moment = movableClock()()
  for (const isGroup of [false, true]) {
    const { stores, url } = await opened(t, undefined, movableClock(moment))
    const sids = await begin(stores, Object.keys(cases).length)
    for (const [i, change] of Object.values(cases).entries()) await change(stores, sids[i] as string, url)
    const asked: [string, number][] = [...sids.map((sid): [string, number] => [sid, sid === 's4' ? 1 : 0])]
    asked.push(['unknown', 0], ['with\0nothing', 0], ['s0', 1], ['s0', 7])
    const rotate = ([sid, generation]: [string, number]) => stores.sessions.rotate(sid, generation, policy)
    const ended: (SessionView | undefined)[] = []
    if (isGroup) ended.push(...(await Promise.all(asked.map(rotate))))
    else for (const one of asked) ended.push(await rotate(one))
    const after = await Promise.all(sids.map(sid => stores.sessions.find(sid)))
    const told = [...ended, ...after].map(view => view && { ...view.session, user: view.user?.username })
    both.push(told)
  }
  t.strictSame(both[1], both[0])
  t.match(both[0]?.[0], { generation: 1 })
  t.equal(both[0]?.[5], undefined, 'nobody who is disabled refreshes, whoever did it')
})

t.test('a session that somebody holds is waited for by its own refresh, and by no other', async t => {
  const { url, stores } = await opened(t)
  await begin(stores, 4)
  const holder = new pg.Client({ connectionString: url })
  await holder.connect()
  t.teardown(() => holder.end())
  await holder.query(`BEGIN; SELECT FROM sessions WHERE sid = 's1' FOR UPDATE`)

  let isOver = false
  const held = stores.sessions.rotate('s1', 0, policy).finally(() => (isOver = true))
  const others = await Promise.all(['s0', 's2', 's3'].map(sid => stores.sessions.rotate(sid, 0, policy)))
  t.strictSame(others.map(generationOf), [1, 1, 1])
  await stores.ping()
  t.notOk(isOver)

  await holder.query(`UPDATE sessions SET generation = 5 WHERE sid = 's1'; COMMIT`)
  t.equal(await held, undefined, 'judged by what it was let go as')
  t.equal(generationOf(await stores.sessions.find('s1')), 5)
})

t.test('a session that is asked for several times at once is rotated once, whoever else is in the group', async t => {
  const { stores } = await opened(t)
  const sids = await begin(stores, 3)
  for (const window of [30, 0]) {
    const generation = window === 30 ? 0 : 1
    const asked = [...sids, ...sids, 's0', 's0']
    const all = asked.map(sid => stores.sessions.rotate(sid, generation, { ...policy, raceWindowSeconds: window }))
    const won = (await Promise.all(all)).filter(view => view !== undefined)
    t.strictSame(won.map(view => view.session.sid).toSorted(), sids)
  }
})

t.test('more than fit into a group are several, and nobody is forgotten', async t => {
  const { url, stores } = await opened(t)
  await begin(stores, 1)
  await runSql(
    url,
    `INSERT INTO sessions (sid, user_id, created_at, expires_at, due_at, max_expires_at)
    SELECT 'm' || i, 'of s0', created_at, expires_at, due_at, max_expires_at
    FROM sessions, generate_series(1, 1000) AS i`,
  )
  const all = Array.from({ length: 1000 }, (_, i) => stores.sessions.rotate(`m${i + 1}`, 0, policy))
  t.strictSame(new Set((await Promise.all(all)).map(generationOf)), new Set([1]))
})

const rounds = amount('GROUP_ROUNDS', 5, 1000)

t.test(
  `two instances refresh the same sessions in groups ${rounds} times: each is rotated once, and none fails`,
  async t => {
    const { url, stores, clock } = await opened(t)
    const { stores: second } = await opened(t, url)
    const sids = await begin(stores, 30)
    for (let generation = 0; generation < rounds; generation++) {
      const asked = [...sids, ...sids.toReversed()]
      const all = await Promise.all(
        [stores, second, stores].flatMap(({ sessions }) => asked.map(sid => sessions.rotate(sid, generation, policy))),
      )
      const won = all.filter(view => view !== undefined).map(view => view.session.sid)
      t.strictSame(won.toSorted(), sids.toSorted())
      clock.advance(policy.raceWindowSeconds)
    }
  },
)

t.test('a group that gets no answer is unavailable for everybody, and nothing is consumed', async t => {
  const { url, stores } = await opened(t)
  const sids = await begin(stores, 3)
  await runSql(
    url,
    `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''no'' USING ERRCODE = ''53100''; END';
    CREATE TRIGGER fail BEFORE UPDATE ON sessions FOR EACH ROW EXECUTE FUNCTION fail()`,
  )
  const rotateAll = () => Promise.allSettled(sids.map(sid => stores.sessions.rotate(sid, 0, policy)))
  for (const one of await rotateAll()) t.match(one, { status: 'rejected', reason: away })
  await runSql(url, 'DROP TRIGGER fail ON sessions')
  for (const one of await rotateAll()) t.match(one, { value: { session: { generation: 1 } } })
})
