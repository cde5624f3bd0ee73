/** Whatever was answered is there after a power failure at that moment, as with `synchronous = FULL`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import type { Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import { amount } from '../helpers/long.ts'
import { type Disk, watchDisk } from '../helpers/power-failure.ts'
import { temporaryFolder } from '../helpers/process.ts'

const failures = amount('POWER_FAILURES', 200, 20_000)
const policy = { idleSeconds: 100_000, raceWindowSeconds: 0 }
const lives = { idleSeconds: 100_000, maxAgeSeconds: 900_000, ip: null, userAgent: null }
const some = <T>(of: readonly T[]): T => of[Math.floor(Math.random() * of.length)] as T

/** What has been answered: the least that must be there. */
interface Answered {
  readonly generations: Map<string, number>
  readonly ended: Set<string>
  readonly bookings: Map<string, number>
  readonly counts: Map<string, number>
}

t.test(
  `${failures} power failures amid refreshes, logins, logouts and bookings lose nothing that was answered`,
  async t => {
    const folder = await temporaryFolder(t)
    const path = join(folder, 'signet.db')
    let disk: Disk | undefined
    const clock = movableClock()
    const stores = await openSqliteStores(path, clock, true, file => (disk ? disk.syncFile(file) : file.datasync()))
    const other = await openSqliteStores(path, clock)
    t.teardown(() => Promise.all([stores.close(), other.close()]))
    await stores.users.create({ userId: 'id-a', username: 'a', email: null, role: 'user', passwordHash: null })
    disk = watchDisk(path)

    const answered: Answered = { generations: new Map(), ended: new Set(), bookings: new Map(), counts: new Map() }
    const lost: string[] = []
    let failed = 0
    const check = () => {
      if (failed >= failures) return
      failed++
      lost.push(...lostIn(folder, disk as Disk, answered))
    }
    for (let round = 0; failed < failures; round++) {
      const acts = Array.from({ length: 10 }, (_, i) => act(stores, answered, `${round}-${i}`).then(check))
      const looks = Array.from({ length: 5 }, (_, i) => look(stores, answered, i).then(check))
      await Promise.all([...acts, ...looks, disturb(other, answered)])
      await Promise.all(Array.from({ length: 250 }, (_, i) => stores.limits.increment(`bulk ${i} ${round % 7}`, 60)))
    }

    t.strictSame(lost, [])
    t.ok(disk.restarts >= failures / 100, `the WAL began again ${disk.restarts} times`)
  },
)

/** One of the acts that are answered to somebody. Sessions are refreshed by one at a time, as each has one generation. */
async function act({ sessions, attempts, limits }: Stores, answered: Answered, id: string): Promise<void> {
  const live = [...answered.generations.keys()].filter(sid => !answered.ended.has(sid))
  const which = live.length < 10 ? 'login' : some(['refresh', 'refresh', 'login', 'logout', 'booking', 'count'])
  if (which === 'login') {
    await sessions.create({ sid: id, userId: 'id-a', ...lives }, 0)
    answered.generations.set(id, 0)
  } else if (which === 'refresh') {
    const sid = some(live)
    const view = await sessions.rotate(sid, answered.generations.get(sid) ?? 0, policy)
    if (view) answered.generations.set(sid, Math.max(view.session.generation, answered.generations.get(sid) ?? 0))
  } else if (which === 'logout') {
    const sid = some(live)
    await sessions.revoke(sid, 'logout')
    answered.ended.add(sid)
  } else if (which === 'booking') {
    await attempts.reserve(id, null, 5)
    answered.bookings.set(id, 1)
  } else {
    const { count } = await limits.increment('address', 1000)
    answered.counts.set('address', Math.max(count, answered.counts.get('address') ?? 0))
  }
}

/** A reader sees what is committed and not yet on disk, some turns of the event loop later. */
async function look({ sessions }: Stores, { generations, ended }: Answered, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await turn()
  const views = await Promise.all([...generations.keys()].slice(-20).map(sid => sessions.find(sid)))
  for (const view of views) {
    if (!view) continue
    const { sid, generation, revokedAt } = view.session
    generations.set(sid, Math.max(generation, generations.get(sid) ?? 0))
    if (revokedAt !== null) ended.add(sid)
  }
}

/** What another process writes is nothing that was answered here, until somebody here has seen it. */
async function disturb({ sessions }: Stores, { generations }: Answered): Promise<void> {
  for (const [sid, generation] of [...generations].slice(-5)) await sessions.rotate(sid, generation, policy)
}

function lostIn(folder: string, disk: Disk, { generations, ended, bookings, counts }: Answered): string[] {
  const copies = mkdtempSync(join(folder, 'left-'))
  disk.fail(join(copies, 'left.db'))
  const left = new DatabaseSync(join(copies, 'left.db'))
  try {
    const { integrity_check: integrity } = left.prepare('PRAGMA integrity_check(1)').get() as {
      integrity_check: string
    }
    const sessions = new Map(
      left
        .prepare('SELECT * FROM sessions')
        .all()
        .map(row => [row['sid'], row]),
    )
    const booked = new Map(
      left
        .prepare('SELECT key, failures FROM attempts')
        .all()
        .map(row => [row['key'], row]),
    )
    const counted = left.prepare(`SELECT count FROM limits WHERE key = 'address'`).get()
    return [
      ...(integrity === 'ok' ? [] : [integrity]),
      ...[...generations]
        .filter(([sid, least]) => !(Number(sessions.get(sid)?.['generation'] ?? -1) >= least))
        .map(([sid, least]) => `refresh ${least} of ${sid}`),
      ...[...ended].filter(sid => !sessions.get(sid)?.['revoked_at']).map(sid => `logout of ${sid}`),
      ...[...bookings.keys()].filter(key => !booked.has(key)).map(key => `booking ${key}`),
      ...[...counts.values()]
        .filter(least => !(Number(counted?.['count'] ?? 0) >= least))
        .map(least => `count ${least}`),
    ]
  } finally {
    left.close()
    rmSync(copies, { recursive: true })
  }
}
