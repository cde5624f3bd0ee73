/** The head of the server's column: the row of the newest session, in short. */
import type { SessionRow } from '../model/log.ts'
import type { World } from '../model/world.ts'

export function ServerHead({ world, onOpen }: { world: World; onOpen: () => void }) {
  const row = world.sessions.at(-1)
  return (
    <section class="lane server" aria-label="Server">
      <h2>Server</h2>
      <p class="who">
        {row ? `${world.sessions.length > 1 ? `session ${world.sessions.length}` : 'one row'}:` : 'no session'}
      </p>
      {row && (
        <button type="button" class="row" onClick={onOpen}>
          <span>
            <span class="unseen">The session’s row: </span>
            generation <b>{row.generation}</b>
          </span>
          <span>{stateOf(row, world.now)}</span>
        </button>
      )}
    </section>
  )
}

export function stateOf(row: SessionRow, now: number): string {
  if (row.revoked_at !== null) return `ended: ${row.revoke_reason}`
  if (now >= Math.min(row.expires_at, row.max_expires_at)) return 'ran out'
  return row.retries > 0 ? `live, ${row.retries} ${row.retries === 1 ? 'retry' : 'retries'}` : 'live'
}
