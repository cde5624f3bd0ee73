/** One set of rules: the heads of the four columns, and the diagram below them. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { lanes, type Mail } from '../model/log.ts'
import type { State, Store } from '../model/store.ts'
import { timeOfDay } from '../model/time.ts'
import type { World } from '../model/world.ts'
import { Diagram } from './diagram.tsx'
import { LaneHead } from './lane.tsx'
import { OwnerHead } from './owner-head.tsx'
import { ServerHead } from './server-head.tsx'

const titles = {
  calm: 'Calm: 30 seconds for races, two lost answers a day',
  strict: 'Strict: a used refresh token ends the session',
} as const

export function Stage({ state, store, world }: { state: State; store: Store; world: World }) {
  const { rules } = world
  const end = useRef<HTMLDivElement>(null)
  const heads = useRef<HTMLDivElement>(null)
  const count = state.log.length
  const [isCut, setCut] = useState(false)
  const firstOfStep = () => end.current?.parentElement?.querySelector('.diagram > .first')
  const hidden = () => {
    const [first, bottom] = [firstOfStep(), heads.current?.getBoundingClientRect().bottom ?? 0]
    return first ? bottom - first.getBoundingClientRect().top : 0
  }
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' }) // what is said of it takes room away
    setCut(hidden() > 0)
  }, [count, state.isBusy])
  const toFirst = () => {
    end.current?.closest('main')?.scrollBy(0, -hidden())
    setCut(false)
    firstOfStep()?.querySelector('button')?.focus({ preventScroll: true })
  }
  const isFree = state.step === undefined
  const read = ({ id }: Mail) => store.select({ kind: 'mail', rules, id })
  const selected = state.selection?.kind === 'entry' ? state.selection : undefined
  return (
    <section class={`stage ${rules}`} aria-label={titles[rules]}>
      {state.view !== 'calm' && <p class="rules">{titles[rules]}</p>}
      <div class="heads" ref={heads}>
        {lanes.map(lane => (
          <LaneHead
            key={lane}
            lane={lane}
            world={world}
            isChosen={isFree && state.lane === lane}
            isAlone={state.view !== 'both'}
            onOpen={token => store.select({ kind: 'token', token, rules, lane })}
            onAct={isFree ? verb => store.do(lane, verb) : undefined}
          />
        ))}
        <ServerHead world={world} onOpen={() => store.select({ kind: 'server', rules })} />
        <OwnerHead
          world={world}
          onRead={read}
          onApp={({ username }) => store.select({ kind: 'app', rules, username })}
        />
        {isCut && !state.isBusy && (
          <button type="button" class="to-first" onClick={toFirst}>
            ↑ to where this step begins
          </button>
        )}
      </div>
      {state.beginning && (
        <p class="beginning">
          a new beginning · <time>{timeOfDay(state.beginning.now)}</time>
        </p>
      )}
      <Diagram
        log={state.log}
        rules={rules}
        since={state.since}
        selected={selected}
        onSelect={(id, index) => store.select({ kind: 'entry', id, index })}
        onRead={read}
      />
      <div class="end-of-log" ref={end} />
    </section>
  )
}
