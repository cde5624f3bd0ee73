import { span } from '../model/time.ts'
import { expiresAt, issuedAt, type Token } from '../model/token.ts'

/** What is left of the life of a token: a bar that runs down. */
export function Bar({ token, now, short = false }: { token: Token; now: number; short?: boolean }) {
  const left = expiresAt(token) - now
  const part = Math.max(0, Math.min(1, left / (expiresAt(token) - issuedAt(token))))
  return (
    <span class={`left ${left <= 0 ? 'none' : ''}`}>
      <span class="bar" aria-hidden="true">
        <i style={{ inlineSize: `${part * 100}%` }} />
      </span>
      <span class="span">{left <= 0 ? 'expired' : short ? span(left, 1) : `${span(left)} left`}</span>
    </span>
  )
}
