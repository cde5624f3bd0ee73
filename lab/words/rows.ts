/** The rule by which a refresh is judged, as docs/refresh.md has it; the first row that matches decides. */
import type { Exchange } from '../model/log.ts'

export interface Row {
  readonly id: string
  readonly token: string
  readonly and: string
  readonly outcome: string
}

export const rows: readonly Row[] = [
  { id: 'revoked', token: 'any', and: 'its session was ended', outcome: '401 Token revoked' },
  {
    id: 'expired',
    token: 'any',
    and: 'its session was idle for too long, or is too old',
    outcome: '401 Token expired',
  },
  { id: 'rotated', token: 'the current one', and: 'no rotation within the window', outcome: 'a new pair: rotated' },
  {
    id: 'repeated',
    token: 'the current one',
    and: 'rotated within the window',
    outcome: 'a new access token: repeated',
  },
  { id: 'raced', token: 'the one before', and: 'within the window', outcome: 'the current refresh token: repeated' },
  {
    id: 'retried',
    token: 'the one before',
    and: 'retries are left today',
    outcome: 'the same, and it is counted: retried',
  },
  { id: 'reuse', token: 'any older one', and: '', outcome: '401, and the session ends: reuse' },
  { id: 'recovered', token: 'one ahead', and: 'the database lost its last write', outcome: 'it catches up: recovered' },
  { id: 'ahead', token: 'more than one ahead', and: 'the database is an older copy', outcome: '401 Token revoked' },
]

/** The row that decided, by what the server itself wrote into its log; undefined for what was no refresh, or no token of ours. */
export function rowOf({ audit }: Exchange): string | undefined {
  const verdict = audit.find(({ event }) => event.startsWith('refresh.'))
  if (!verdict) return undefined
  const id = verdict.event.slice('refresh.'.length)
  return id === 'repeated' && verdict.presented !== verdict.generation ? 'raced' : id
}
