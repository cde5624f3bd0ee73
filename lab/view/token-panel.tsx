/** A token, opened: its three parts in three colours, and each thing it says with a sentence. */
import { useState } from 'preact/hooks'
import { dateAndTime } from '../model/time.ts'
import { nameOf, type Token } from '../model/token.ts'
import { claimWords, headerWords, moments, partWords } from '../words/claims.ts'
import { Bar } from './bar.tsx'
import { Copyable } from './copyable.tsx'
import { Tag } from './tag.tsx'

interface TokenPanelProps {
  readonly token: Token
  readonly now: number
  /** Sends it with the character at this place changed; undefined where nobody holds it, or the tour acts. */
  readonly onChange: ((at: number) => void) | undefined
}

const parts = ['header', 'payload', 'signature'] as const

export function TokenPanel({ token, now, onChange }: TokenPanelProps) {
  const [said, say] = useState<string>(partWords[1])
  return (
    <>
      <h2>
        <Tag token={token} /> {token.kind} token
      </h2>
      <Bar token={token} now={now} />
      <p class="verdict">Signed, not encrypted: this page has no key, and reads it all the same.</p>
      <Text token={token} onChange={onChange} say={say} />
      <p class="said" role="status">
        {said}
      </p>
      <Claims
        title="Header"
        words={headerWords}
        claims={token.header}
        before={token.predecessor?.header}
        look="header"
        say={say}
      />
      <Claims
        title="Claims"
        words={claimWords}
        claims={token.claims}
        before={token.predecessor?.claims}
        look="payload"
        say={say}
      />
      {token.predecessor && (
        <p class="hint">
          <span class="new">new</span> is what {nameOf(token.predecessor)}, which it took the place of, did not say.
        </p>
      )}
      <h3>To take elsewhere</h3>
      <Copyable text={token.text} what="the token" />
    </>
  )
}

function Text({
  token,
  onChange,
  say,
}: TokenPanelProps extends infer P ? Omit<P & { say: (text: string) => void }, 'now'> : never) {
  const texts = token.text.split('.')
  const startOf = (part: number) => texts.slice(0, part).join('.').length + Math.min(part, 1)
  return (
    <>
      {/* A pointer may choose any character; the button below does the same for a keyboard. */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      <p class="token-text" onClick={event => onChange?.(characterAt(event))}>
        {texts.map((text, index) => (
          <span key={parts[index]}>
            {index > 0 && '.'}
            <span class={parts[index]} data-start={startOf(index)} onPointerEnter={() => say(partWords[index] ?? '')}>
              {text}
            </span>
          </span>
        ))}
      </p>
      {onChange && (
        <p class="hint">
          Click on a character to change it and send the token, or{' '}
          <button type="button" class="link" onClick={() => onChange(60)}>
            change the 61st
          </button>
          .
        </p>
      )}
    </>
  )
}

/** Which character of the token was clicked on; the 61st where a browser cannot tell. */
function characterAt({ clientX, clientY, target }: MouseEvent): number {
  const start = target instanceof HTMLElement ? target.dataset['start'] : undefined
  const caret = document.caretPositionFromPoint?.(clientX, clientY)
  return start === undefined || !caret ? 60 : Number(start) + Math.max(0, caret.offset - 1)
}

interface ClaimsProps {
  readonly title: string
  readonly words: Readonly<Record<string, string>>
  readonly claims: Token['claims']
  readonly before: Token['claims'] | undefined
  readonly look: string
  readonly say: (text: string) => void
}

function Claims({ title, words, claims, before, look, say }: ClaimsProps) {
  return (
    <>
      <h3 class={look}>{title}</h3>
      <ul class="claims">
        {Object.entries(claims).map(([name, value]) => {
          const tell = () => say(`${name}: ${words[name] ?? 'A claim this page does not know.'}`)
          const isNew = before !== undefined && JSON.stringify(before[name]) !== JSON.stringify(value)
          return (
            <li key={name}>
              <button type="button" onFocus={tell} onPointerEnter={tell} onClick={tell}>
                <span class="name">{name}</span>
                <span class="value">{shown(name, value)}</span>
                {isNew && <span class="new">new</span>}
                <span class="unseen">{words[name]}</span>
              </button>
            </li>
          )
        })}
      </ul>
    </>
  )
}

function shown(name: string, value: unknown): string {
  if (moments.has(name) && typeof value === 'number') return `${value} (${dateAndTime(value)})`
  return typeof value === 'string' ? value : JSON.stringify(value)
}
