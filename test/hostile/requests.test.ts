/**
 * Nobody holds the event loop with one request: the worst text that fits, in every place where a request can have one. A
 * sample in the suite, each text in each place with `LONG=1`; `SLICE_SEED` repeats a run.
 */
import t from 'tap'
import type { User } from '../../src/stores/stores.ts'
import { testApp } from '../helpers/app.ts'
import { edges, hostileText, shapes } from '../helpers/hostile-text.ts'
import { isLong } from '../helpers/long.ts'
import { processorTime } from '../helpers/processor-time.ts'
import { exchange } from '../helpers/raw.ts'
import { operationsOf, placesOf } from '../helpers/request-places.ts'
import { claimsOf } from '../helpers/tokens.ts'

const seed = Number(process.env['SLICE_SEED'] ?? Date.now() % 2 ** 31)
const longestSlice = 20 // milliseconds
const sampleSize = 800
/** Always in every place: what once took half a second of a cookie, and of a name. */
const worst = [[' '], ['\u0301', '\u0327']]

const { app, logIn } = await testApp(t, {
  docs: true,
  registrationIsOpen: true,
  loginFreeFailures: 0,
  hashQueue: 1000,
  trustedProxies: ['127.0.0.1'],
  cookieOrigins: ['http://app.localhost:3000'],
  resourceServers: new Map([['shop', 'a'.repeat(40)]]),
})
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }
let current = await logIn()

const administrator = await app.stores.users.findById('user-1')

/** The administrator's token: a case before may have ended the session, and changed the password or the name. */
async function usableToken(): Promise<string> {
  if (app.revocations.has(String(claimsOf(current.access_token)['sid']))) {
    const { username, role, disabled, passwordHash } = administrator as User
    await app.stores.users.update('user-1', { username, role, disabled, passwordHash })
    current = await logIn()
  }
  return current.access_token
}

t.test('the operations are all that there are', async t => {
  const operations = operationsOf(app)
  t.ok(operations.length > 20, `${operations.length}`)
  t.ok(operations.some(({ bodies }) => bodies.some(({ members }) => members.includes('password'))))
})

t.test(`no request holds the event loop for ${longestSlice} ms, seed ${seed}`, { timeout: 3_600_000 }, async t => {
  const random = randomFrom(seed)
  const kinds = [...Map.groupBy(operationsOf(app).flatMap(placesOf), ({ kind }) => kind).values()]
  const all = kinds.flatMap(places => shapes.flatMap(shape => edges.map(edge => ({ places, shape, edge }))))
  const known = kinds.flatMap(places => worst.map(shape => ({ places, shape, edge: ['a', 'a'] as const })))
  const chosen = isLong ? all : [...known, ...Array.from({ length: sampleSize }, () => oneOf(all, random))]
  const warmUp = () => exchange(port, oneOf(kinds, random)[0]?.request('a', current.access_token) ?? '')
  for (let i = 0; i < 200; i++) await warmUp() // or the first ones would be the time of the compiler

  let dearest = { ms: 0, name: '' }
  for (const { places, shape, edge } of chosen) {
    const { name: where, bytes: room, encode, request } = oneOf(places, random)
    const bytes = request(hostileText(shape, edge, room, encode), await usableToken())
    const name = `${where}: ${JSON.stringify(shape)} between ${JSON.stringify(edge)}`
    const ms = await processorTime(() => exchange(port, bytes), longestSlice)
    if (ms > dearest.ms) dearest = { ms, name }
    if (ms > longestSlice) t.fail(`${ms.toFixed(1)} ms, ${name}`)
  }
  t.comment(`${chosen.length} of ${all.length}; the dearest: ${dearest.ms.toFixed(1)} ms, ${dearest.name}`)
  t.equal((await app.inject('/health/live')).statusCode, 200)
})

function oneOf<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T
}

/** mulberry32 */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
