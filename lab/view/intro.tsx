/** What this page is, for whoever comes without a step in the address. */
import { Fragment } from 'preact'
import type { Store } from '../model/store.ts'
import { steps } from '../words/tour.ts'

/** What the buttons of the header are for. */
const handles = [
  ['+10 s … +1 day', 'moves the server’s clock: nobody waits for a token to expire'],
  ['Run', 'lets the clock go, a second each second, until Stop'],
  ['Calm', 'how Signet comes: it forgives two tabs at once, and a lost answer'],
  ['Strict', 'takes every refresh token that is used twice for stolen'],
  ['Both', 'does the same under both, side by side'],
  ['New key', 'the server signs with a new key; the old one still checks, until you drop it'],
] as const

export function Intro({ store, resume, isFresh }: { store: Store; resume: number | undefined; isFresh: boolean }) {
  const at = resume !== undefined && resume > 0 ? resume : undefined
  return (
    <section class="intro" aria-label="What this is">
      {isFresh && (
        <>
          <h2>See how tokens live</h2>
          <p>
            “The access token is short-lived, the refresh token is rotated.” Here you see it happen: to two tabs, a
            thief, and a real server whose clock you can move.
          </p>
        </>
      )}
      <p class="choices">
        <button type="button" class="next" onClick={() => store.goTo(at ?? 0)}>
          {at === undefined
            ? `Take the tour: ${steps.length} steps`
            : `Go on with the tour: ${at + 1}. ${steps[at]?.title}`}
        </button>
        {at !== undefined && (
          <button type="button" class="quiet" onClick={() => store.goTo(0)}>
            From the beginning
          </button>
        )}
      </p>
      {isFresh && (
        <ul class="legend">
          <li>
            <span class="tag access g0">A0</span> an access token, <span class="tag refresh g0">R0</span> a refresh
            token
          </li>
          <li>
            <span class="tag refresh g0">R0</span> → <span class="tag refresh g1">R1</span> a refresh makes the next
            generation: another colour
          </li>
          <li>Or play freely: begin with “Log in” under tab A. Click on whatever you see.</li>
        </ul>
      )}
      {isFresh && (
        <>
          <h3>At the top</h3>
          <dl class="handles">
            {handles.map(([name, what]) => (
              <Fragment key={name}>
                <dt>{name}</dt>
                <dd>{what}</dd>
              </Fragment>
            ))}
          </dl>
        </>
      )}
    </section>
  )
}
