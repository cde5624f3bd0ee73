/** A step of the tour: what it is about, a guess, and what was seen. */
import { useEffect, useRef } from 'preact/hooks'
import type { State, Store } from '../model/store.ts'
import { type Step, steps } from '../words/tour.ts'

export function TourCard({ state, store, index }: { state: State; store: Store; index: number }) {
  const step = steps[index] as Step
  const { guess, isBusy } = state
  const isDone = guess !== undefined && !isBusy
  const heading = useRef<HTMLHeadingElement>(null)
  const next = useRef<HTMLButtonElement>(null)
  // Who steps through with the keyboard or by ear begins each step at its title, and goes on where it ends.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [index])
  useEffect(() => {
    if (isDone) next.current?.focus({ preventScroll: true })
  }, [isDone])
  return (
    <section class={`tour ${isDone ? 'done' : ''}`} aria-label="The tour">
      <p class="where">
        <label>
          <span class="wide" aria-hidden="true">
            Step{' '}
          </span>
          <span class="unseen">Go to step </span>
          <select
            value={step.id}
            disabled={isBusy}
            onChange={({ currentTarget }) => store.goTo(steps.findIndex(({ id }) => id === currentTarget.value))}
          >
            {steps.map(({ id, title }, at) => (
              <option key={id} value={id}>
                {at + 1}. {title}
              </option>
            ))}
          </select>{' '}
          of {steps.length}
        </label>
        <button type="button" class="quiet" disabled={isBusy} onClick={() => store.goTo(undefined)}>
          Leave<span class="unseen"> the tour</span>
        </button>
      </p>
      <h2 ref={heading} tabIndex={-1}>
        {step.title}
      </h2>
      {step.setup && index > 0 && (
        <p class="anew">A new beginning: an empty database, new keys, and the clock back at 09:00.</p>
      )}
      <p class="text">{step.text}</p>
      <fieldset>
        <legend>{step.question}</legend>
        {step.guesses.map((text, at) => (
          <button
            key={text}
            type="button"
            class={`guess ${isDone && at === step.right ? 'right' : ''} ${guess === at ? 'guessed' : ''}`}
            disabled={isBusy && guess === undefined}
            aria-disabled={guess !== undefined}
            onClick={() => store.guess(at)}
          >
            {text}
            {guess === at && <span class="mine"> your guess</span>}
          </button>
        ))}
      </fieldset>
      {isDone && (
        <div class="after">
          <p>
            <b>{guess === step.right ? 'Right.' : 'Not quite.'}</b> {step.after}
          </p>
          {index + 1 < steps.length ? (
            <button type="button" class="next" ref={next} onClick={() => store.goTo(index + 1)}>
              Next: {steps[index + 1]?.title}
            </button>
          ) : (
            <button type="button" class="next" ref={next} onClick={() => store.goTo(undefined)}>
              That was the tour: play freely
            </button>
          )}
        </div>
      )}
    </section>
  )
}
