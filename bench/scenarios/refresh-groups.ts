/** What it saves PostgreSQL that refreshes are asked for together: rows a second, and what it logs of each (docs/scaling.md). */
import { compare } from '../run/compare.ts'
import { type BenchPostgres, withPostgres } from '../run/postgres.ts'
import { median, shown } from '../run/statistics.ts'
import type { Outcome, Scenario } from '../scenario.ts'

const sessionCount = 20_000
const sizes = [1, 20, 50]
const policy = { idleSeconds: 604_800, raceWindowSeconds: 0 }

export const refreshGroups: Scenario = {
  name: 'refresh-groups',
  title: 'Refreshes in one statement of PostgreSQL',
  inQuick: false,
  run: ({ rounds, seconds }) => withPostgres(postgres => measure(postgres, rounds, seconds)),
}

async function measure(postgres: BenchPostgres, rounds: number, seconds: number): Promise<Outcome> {
  const instances = [await postgres.open(), await postgres.open()]
  const sids = await fill(postgres)
  const generations = new Map<string, number>()
  let next = 0

  /** The next ones in turn, all asked for in the same turn of the event loop. */
  async function rotate({ sessions }: (typeof instances)[number], size: number): Promise<void> {
    const group = Array.from({ length: size }, () => sids[next++ % sids.length] ?? '')
    const views = await Promise.all(group.map(sid => sessions.rotate(sid, generations.get(sid) ?? 0, policy)))
    if (views.includes(undefined)) throw new Error('a refresh that was no rotation')
    for (const sid of group) generations.set(sid, (generations.get(sid) ?? 0) + 1)
  }

  /** As two instances do it, each of which waits for its answer: how many, and how much log each was. */
  async function rotateWhile(goesOn: (count: number) => boolean, size: number) {
    const before = await loggedBytes(postgres)
    const startedAt = performance.now()
    let count = 0
    const work = async (instance: (typeof instances)[number]) => {
      for (; goesOn(count); count += size) await rotate(instance, size)
    }
    await Promise.all(instances.map(work))
    const perSecond = count / ((performance.now() - startedAt) / 1000)
    return { perSecond, bytes: ((await loggedBytes(postgres)) - before) / count }
  }

  await postgres.sql('CHECKPOINT')
  const { bytes: bytesOfFirst } = await rotateWhile(count => count < 100, 50)
  await rotateWhile(count => count < sids.length, 50) // from here on no page is logged whole
  const bytes = new Map<number, number[]>(sizes.map(size => [size, []]))
  const measurements = await compare(
    sizes.map(size => ({
      who: size === 1 ? 'each alone' : `${size} together`,
      async measure(seconds) {
        const until = performance.now() + seconds * 1000
        const round = await rotateWhile(() => performance.now() < until, size)
        bytes.get(size)?.push(round.bytes)
        return { perSecond: round.perSecond }
      },
    })),
    { rounds, seconds },
  )
  const each = sizes.map(size => `${shown(median(bytes.get(size) ?? []))} (${size})`).join(', ')
  const notes = [
    `${sessionCount.toLocaleString('en-US')} sessions in random order, two statements on their way, through the store. No HTTP, no tokens.`,
    `WAL for one, in bytes: ${each}; ${shown(bytesOfFirst)} as the first of its page after a checkpoint.`,
  ]
  return { unit: 'refreshes/s', measurements, against: 'each alone', judgements: [], notes }
}

/** One user a session, with keys as random as real ones. */
async function fill({ sql }: BenchPostgres): Promise<string[]> {
  const numbers = `generate_series(1, ${sessionCount}) AS n, (SELECT extract(epoch FROM now())::bigint AS now) AS clock`
  await sql(`INSERT INTO users (user_id, username, role, created_at)
    SELECT 'user-' || md5(n::text), 'user-' || n, 'user', now FROM ${numbers}`)
  const added =
    await sql(`INSERT INTO sessions (sid, user_id, created_at, expires_at, due_at, max_expires_at, ip, user_agent)
    SELECT left(md5('session-' || n), 22), 'user-' || md5(n::text), now, now + 604800, now + 604800, now + 7776000,
      '203.0.113.7', rpad('Mozilla/5.0 ', 100, 'x') FROM ${numbers} RETURNING sid`)
  await sql('VACUUM ANALYZE')
  return added.map(({ sid }) => String(sid)).toSorted() // by key, which is no order on the disk
}

async function loggedBytes({ sql }: BenchPostgres): Promise<number> {
  return Number((await sql("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes"))[0]?.['bytes'])
}
