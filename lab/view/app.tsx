/** The whole page, drawn from its state. */
import { lanes } from '../model/log.ts'
import { arrivedWith } from '../model/owner.ts'
import { type State, type Store, worldsOf } from '../model/store.ts'
import { laneNames } from '../words/acts.ts'
import { arrivalOf, sentenceOf } from '../words/verdicts.ts'
import { Header } from './header.tsx'
import { Inspector } from './inspector.tsx'
import { Intro } from './intro.tsx'
import { Actions } from './lane.tsx'
import { LinkForm } from './link-form.tsx'
import { Stage } from './stage.tsx'
import { TourCard } from './tour-card.tsx'

export function App(given: { state: State; store: Store; resume: number | undefined; linkToken: string | undefined }) {
  const { state, store, resume, linkToken } = given
  const worlds = worldsOf(state)
  const [world] = worlds
  const last = state.log.at(-1)
  if (!world) return null
  const isFree = state.step === undefined
  return (
    <div class={`lab ${state.view} ${isFree ? 'free' : 'touring'} side-${state.side}`}>
      <Header state={state} store={store} world={world} />
      <main>
        {state.trouble && (
          <p class="trouble" role="alert">
            {state.trouble}
          </p>
        )}
        <div class="stages">
          {worlds.map(one => (
            <Stage key={one.rules} state={state} store={store} world={one} />
          ))}
        </div>
      </main>
      {isFree && (
        <div class="lane-bar">
          <div class="views" role="group" aria-label="Who acts">
            {lanes.map(lane => (
              <button
                type="button"
                key={lane}
                aria-pressed={state.lane === lane}
                onClick={() => store.chooseLane(lane)}
              >
                {laneNames[lane]}
              </button>
            ))}
          </div>
          <Actions
            lane={state.lane}
            world={world}
            isAlone={worlds.length === 1}
            onAct={verb => store.do(state.lane, verb)}
          />
        </div>
      )}
      <aside aria-label="Explanation">
        {linkToken && isFree && <LinkForm token={linkToken} />}
        {state.step === undefined ? (
          <Intro store={store} resume={resume} isFresh={state.log.length === 0} />
        ) : (
          <TourCard state={state} store={store} index={state.step} />
        )}
        <Inspector state={state} store={store} worlds={worlds} />
      </aside>
      <p class="unseen" role="status" aria-live="polite">
        {last && [sentenceOf(last), ...arrivedWith(last, state.log.at(-2)).map(arrivalOf)].join(' ')}
      </p>
    </div>
  )
}
