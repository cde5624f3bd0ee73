/** The bar at the top: the clock that can be moved, the rules, and a new beginning. */
import { rulesOn, type State, type Store } from '../model/store.ts'
import { dayOf, timeOfDay } from '../model/time.ts'
import type { World } from '../model/world.ts'

const jumps = [
  ['+10 s', 'time 10'],
  ['+1 min', 'time 60'],
  ['to next expiry', 'time expiry'],
  ['+1 day', 'time 86400'],
] as const

const views = [
  ['calm', 'Calm', 'as Signet comes: 30 s for races, two lost answers a day'],
  ['strict', 'Strict', 'a refresh token used twice ends the session'],
  ['both', 'Both', 'the same acts under both, side by side'],
] as const

export function Header({ state, store, world }: { state: State; store: Store; world: World }) {
  return (
    <header>
      <h1>
        Signet <span>lab</span>
      </h1>
      {state.view === 'both' && (
        <div class="sides" role="group" aria-label="Which rules to look at">
          {rulesOn('both').map(rules => (
            <button
              type="button"
              key={rules}
              aria-pressed={state.side === rules}
              onClick={() => store.chooseSide(rules)}
            >
              {rules}
            </button>
          ))}
        </div>
      )}
      <section class="clock" aria-label="The lab’s clock">
        <time>
          <b>{timeOfDay(world.now)}</b>{' '}
          <span class="wide">day {dayOf(world.now, state.beginning?.now ?? world.now)}</span>
        </time>
      </section>
      {state.step === undefined && <Controls state={state} store={store} world={world} />}
    </header>
  )
}

function Controls({ state, store, world }: { state: State; store: Store; world: World }) {
  return (
    <div class="controls">
      <div class="jumps" role="group" aria-label="Move the clock">
        {jumps.map(([label, words]) => (
          <button type="button" key={words} onClick={() => store.act({ words })}>
            {label}
          </button>
        ))}
        <button type="button" aria-pressed={state.isRunning} onClick={() => store.run(!state.isRunning)}>
          {state.isRunning ? 'Stop' : 'Run'}
        </button>
      </div>
      <div class="views" role="group" aria-label="Rules">
        {views.map(([view, label, hint]) => (
          <button
            type="button"
            key={view}
            aria-pressed={state.view === view}
            title={hint}
            onClick={() => store.setView(view)}
          >
            {label}
          </button>
        ))}
      </div>
      <button
        type="button"
        title="the server signs with a new key; the old one still checks"
        onClick={() => store.act({ words: 'secret rotate' })}
      >
        New key
      </button>
      {world.keys.length > 1 && (
        <button type="button" onClick={() => store.act({ words: 'secret forget' })}>
          Drop the old key
        </button>
      )}
      <button type="button" onClick={() => store.restart()}>
        Start again
      </button>
    </div>
  )
}
