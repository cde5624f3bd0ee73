/** What the server has: the rows of the sessions, in full, and its keys. */
import type { SessionRow } from '../model/log.ts'
import { dateAndTime } from '../model/time.ts'
import type { World } from '../model/world.ts'
import { stateOf } from './server-head.tsx'

const words: Readonly<Partial<Record<keyof SessionRow, string>>> = {
  generation: 'goes up with every rotation; a refresh token says of which it is',
  rotated_at: 'the race window counts from here',
  retries: 'lost answers forgiven in the last 24 hours',
  expires_at: 'when it ends if nobody refreshes; moves with every rotation',
  max_expires_at: 'when it ends whatever happens',
  revoked_at: 'when it was ended',
}

export function ServerPanel({ world }: { world: World }) {
  return (
    <>
      <h2>What the server keeps</h2>
      <p class="verdict">
        {world.sessions.length === 0
          ? 'No session yet: a login makes one.'
          : 'One row a session. No token is stored: a refresh token can be made again from its row.'}
      </p>
      {world.sessions.map(row => (
        <table class="columns" key={row.sid}>
          <caption>
            {row.username}, {stateOf(row, world.now)}
          </caption>
          <tbody>
            {(Object.keys(row) as (keyof SessionRow)[]).map(name => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {cell(name, row[name])}
                  {words[name] && <small>{words[name]}</small>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      <h3>Keys</h3>
      <ul class="keys">
        {world.keys.map((kid, index) => (
          <li key={kid}>
            <code>{kid}</code> {index === 0 ? 'signs and checks' : 'only checks what it signed before'}
          </li>
        ))}
      </ul>
    </>
  )
}

/** A value as the panel shows it. */
export function cell(name: string, value: string | number | null): string {
  if (value === null) return '–'
  return typeof value === 'number' && /_at$|_since$/.test(name) ? dateAndTime(value) : String(value)
}
