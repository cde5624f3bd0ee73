/**
 * Rotations in PostgreSQL. Those that are asked for in one turn of the event loop are one round trip and one commit; while
 * that is on its way the next ones gather. Each is judged as if it were alone.
 */
import { live } from '../../sessions/live.ts'
import type { RotationPolicy, SessionStore, SessionView } from '../../stores/stores.ts'
import type { Row } from '../rows.ts'
import { type PostgresDatabase, statement } from './postgres-database.ts'
import { ofEnabledUser, toView, view } from './rows.ts'

const rotated = (idle: string) =>
  `generation = sessions.generation + 1, rotated_at = $now, expires_at = least($now + ${idle}, sessions.max_expires_at)`
const mayRotate = (generation: string, window: string) => `sessions.generation = ${generation} AND ${live}
    AND (sessions.rotated_at IS NULL OR $now >= sessions.rotated_at + ${window})`

const rotate = statement(
  'rotate session',
  `UPDATE sessions SET ${rotated('$idle::bigint')} FROM users
  WHERE sessions.sid = $sid AND ${mayRotate('$generation::bigint', '$window::bigint')} AND ${ofEnabledUser}
  RETURNING ${view}`,
)

/**
 * A row that somebody else has locked is skipped: waiting for it would keep all others waiting, and two groups could wait
 * for each other. Of the others each is told that it was judged, whether or not it was rotated. A row is judged where it is
 * locked: as a condition of the UPDATE, `live` would look selective to a planner that has counted nothing yet, and it would
 * begin with all live sessions there are.
 */
const rotateTogether = statement(
  'rotate sessions',
  `WITH locked AS (
    SELECT sessions.sid, asked.idle, ${mayRotate('asked.generation', 'asked.race_window')} AS may_rotate
    FROM unnest($sids::text[], $generations::bigint[], $idles::bigint[], $windows::bigint[])
      AS asked (sid, generation, idle, race_window)
    JOIN sessions ON sessions.sid = asked.sid
    ORDER BY sessions.sid FOR UPDATE OF sessions SKIP LOCKED
  ), rotated AS (
    UPDATE sessions SET ${rotated('locked.idle')} FROM locked, users
    WHERE sessions.sid = locked.sid AND locked.may_rotate AND ${ofEnabledUser}
    RETURNING ${view}
  )
  SELECT locked.sid AS judged, rotated.* FROM locked LEFT JOIN rotated ON rotated.sid = locked.sid`,
)

interface Asked {
  readonly sid: string
  readonly generation: number
  readonly policy: RotationPolicy
  resolve(rotated: SessionView | undefined | Promise<SessionView | undefined>): void
  reject(error: unknown): void
}

const largestGroup = 200

/** So many are on their way at once, so that a connection that has fallen silent does not stop everybody. */
const mostGroups = 2

export function sessionRotator({ ask }: PostgresDatabase): SessionStore['rotate'] {
  let gathering: Asked[] = []
  let groups = 0
  let isWaiting = false

  const alone = async ({ sid, generation, policy }: Omit<Asked, 'resolve' | 'reject'>) =>
    toView((await ask(rotate, { sid, generation, idle: policy.idleSeconds, window: policy.raceWindowSeconds }))[0])

  function gather(): void {
    if (isWaiting || groups >= mostGroups || gathering.length === 0) return
    isWaiting = true
    setImmediate(() => {
      isWaiting = false
      const group = gathering.slice(0, largestGroup)
      gathering = gathering.slice(largestGroup)
      groups++
      void judge(group).finally(() => {
        groups--
        gather()
      })
      gather()
    })
  }

  /** A session that is asked for twice is judged once with the others, and then once more: an UPDATE changes a row once. */
  async function judge(group: readonly Asked[]): Promise<void> {
    const first = new Map<string, Asked>()
    for (const asked of group) if (!first.has(asked.sid)) first.set(asked.sid, asked)
    const once = [...first.values()]
    try {
      const judged = once.length > 1 ? await together(once) : new Map<string, Row>()
      for (const asked of group) {
        const row = first.get(asked.sid) === asked ? judged.get(asked.sid) : undefined
        asked.resolve(row ? toRotated(row) : alone(asked))
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  async function together(once: readonly Asked[]): Promise<Map<string, Row>> {
    const rows = await ask(rotateTogether, {
      sids: once.map(({ sid }) => sid),
      generations: once.map(({ generation }) => generation),
      idles: once.map(({ policy }) => policy.idleSeconds),
      windows: once.map(({ policy }) => policy.raceWindowSeconds),
    })
    return new Map(rows.map(row => [row['judged'] as string, row]))
  }

  return (sid, generation, policy) =>
    new Promise((resolve, reject) => {
      gathering.push({ sid, generation, policy, resolve, reject })
      gather()
    })
}

const toRotated = (row: Row) => (row['sid'] === null ? undefined : toView(row))
