/** A token as a small tag: round for access, square for refresh, in the colour of its generation. */
import { nameOf, type Token } from '../model/token.ts'

export function Tag({ token, isOver = false, onOpen }: { token: Token; isOver?: boolean; onOpen?: () => void }) {
  const { kind, generation, session } = token
  const of = session > 1 ? ` of session ${session}` : ''
  const label = `${kind} token, generation ${generation}${of}${isOver ? ', ended' : ''}`
  const look = `tag ${kind} g${generation % 6}${isOver ? ' over' : ''}`
  const text = (
    <>
      {nameOf(token)}
      {session > 1 && <sub>{session}</sub>}
      {onOpen && <span class="unseen"> {label}</span>}
    </>
  )
  return onOpen ? (
    <button type="button" class={look} title={label} onClick={onOpen}>
      {text}
    </button>
  ) : (
    <span class={look} title={label}>
      {text}
    </span>
  )
}
