/** The head of a column: what a tab or the thief holds now, and what it can do. */
import type { Lane } from '../model/log.ts'
import type { Token } from '../model/token.ts'
import type { World } from '../model/world.ts'
import { type Act, actsOf, isPossible, laneNames, type Verb } from '../words/acts.ts'
import { Bar } from './bar.tsx'
import { Tag } from './tag.tsx'

interface LaneProps {
  readonly lane: Lane
  readonly world: World
  readonly onOpen: (token: Token) => void
  /** Undefined where the tour acts. */
  readonly onAct: ((verb: Verb) => void) | undefined
  readonly isChosen: boolean
  /** Whether these rules are the only ones on the page. */
  readonly isAlone: boolean
}

export function LaneHead({ lane, world, onOpen, onAct, isChosen, isAlone }: LaneProps) {
  const { access, refresh, challenge, isTold } = world.lanes[lane]
  const user = access && String(access.claims['username'])
  const who = user ? (isTold ? 'logged out' : user) : 'no tokens'
  return (
    <section class={`lane ${lane} ${isChosen ? 'chosen' : ''}`} aria-label={laneNames[lane]}>
      <h2>{laneNames[lane]}</h2>
      <p class="who">{challenge ? '2nd factor?' : who}</p>
      {[access, refresh].map(
        token =>
          token && (
            <p class={`held ${isTold ? 'over' : ''}`} key={token.kind}>
              <Tag token={token} isOver={isTold} onOpen={() => onOpen(token)} />
              <Bar token={token} now={world.now} short />
            </p>
          ),
      )}
      {onAct && <Actions lane={lane} world={world} isAlone={isAlone} onAct={onAct} />}
    </section>
  )
}

type ActionsProps = Pick<LaneProps, 'lane' | 'world' | 'isAlone'> & { readonly onAct: (verb: Verb) => void }

export function Actions({ lane, world, isAlone, onAct }: ActionsProps) {
  const possible = [...actsOf].filter(([, act]) => act.lanes.includes(lane) && isPossible(act, lane, world, isAlone))
  const further = possible.filter(([, act]) => act.isFurther)
  const button = ([verb, { label, hint }]: [Verb, Act]) => (
    <button
      type="button"
      key={verb}
      title={hint}
      onClick={({ currentTarget }) => {
        currentTarget.closest('details')?.removeAttribute('open')
        onAct(verb)
      }}
    >
      {label}
    </button>
  )
  return (
    <div class="actions" role="group" aria-label={`What ${laneNames[lane]} can do`}>
      {possible.filter(([, act]) => !act.isFurther).map(button)}
      {further.length > 0 && (
        <details>
          <summary>More</summary>
          <div>{further.map(button)}</div>
        </details>
      )}
    </div>
  )
}
