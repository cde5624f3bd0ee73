/** The state of the page and the few ways in which it changes. Whoever wants to know subscribes, and is told all of it. */
import type { Verb } from '../words/acts.ts'
import { beginningOf, type Step, steps } from '../words/tour.ts'
import { api } from './api.ts'
import type { Entry, EntryOf, Lane, Rules, Snapshot } from './log.ts'
import { linkOf } from './owner.ts'
import { type Command, perform } from './perform.ts'
import type { Token } from './token.ts'
import { type World, worldAfter } from './world.ts'

export type Selection =
  | { readonly kind: 'token'; readonly token: Token; readonly rules: Rules; readonly lane: Lane | undefined }
  | { readonly kind: 'entry'; readonly id: number /** which of several requests */; readonly index: number }
  | { readonly kind: 'server'; readonly rules: Rules }
  | { readonly kind: 'mail'; readonly rules: Rules; readonly id: string }
  | { readonly kind: 'app'; readonly rules: Rules; readonly username: string }

export interface State {
  readonly log: readonly Entry[]
  readonly beginning: Snapshot | undefined
  readonly view: Rules | 'both'
  readonly selection: Selection | undefined
  /** Whether what is selected was chosen, and did not just happen: on a small screen that opens it. */
  readonly isOpen: boolean
  readonly lane: Lane
  /** Which of both a small screen shows. */
  readonly side: Rules
  /** The step of the tour, and what was guessed. */
  readonly step: number | undefined
  readonly guess: number | undefined
  /** The last entry before the step's own. */
  readonly since: number | undefined
  /** A step is under way. */
  readonly isBusy: boolean
  readonly isRunning: boolean
  readonly trouble: string | undefined
}

const nothing: State = {
  log: [],
  beginning: undefined,
  view: 'calm',
  selection: undefined,
  isOpen: false,
  lane: 'a',
  side: 'calm',
  step: undefined,
  guess: undefined,
  since: undefined,
  isBusy: false,
  isRunning: false,
  trouble: undefined,
}

export type Store = ReturnType<typeof createStore>

/** @param pause between two acts of a step, in milliseconds, so that they can be followed; 0 when motion is reduced */
export function createStore(pause: () => number) {
  let state = nothing
  const listeners: ((state: State) => void)[] = []

  let underWay: Promise<void> | undefined

  function set(change: Partial<State>): void {
    state = { ...state, ...change }
    for (const tell of listeners) tell(state)
  }

  /** One thing at a time: what is clicked meanwhile waits for its turn. */
  async function busily(act: () => Promise<void>): Promise<void> {
    while (state.isBusy) await underWay
    const done = Promise.withResolvers<void>()
    underWay = done.promise
    set({ isBusy: true, trouble: undefined })
    try {
      await act()
    } catch (error) {
      const isAway = error instanceof TypeError // of fetch
      set({
        isRunning: false,
        trouble: isAway ? 'The server does not answer. Is it still running?' : (error as Error).message,
      })
    } finally {
      set({ isBusy: false })
      done.resolve()
    }
  }

  async function act(command: Command): Promise<void> {
    const worlds = worldsOf(state)
    const first = (state.log.at(-1)?.id ?? 0) + 1
    let id = first
    for await (const one of perform(command, worlds)) {
      // What happens under both sets of rules is one thing; under one of them, one after the other.
      append({ ...one, id, command: worlds.length > 1 ? first : id } as Entry)
      id++
    }
  }

  function append(entry: Entry): void {
    if (state.beginning && entry.state.run !== state.beginning.run) {
      set({
        trouble: 'Somebody began anew in another window. Start again to have the lab for yourself.',
        isRunning: false,
      })
      return
    }
    const last = state.log.at(-1)
    if (entry.kind === 'time' && entry.isRunning && last?.kind === 'time' && last.isRunning) {
      set({ log: [...state.log.slice(0, -1), { ...entry, id: last.id, seconds: last.seconds + entry.seconds }] })
      return
    }
    const isQuiet = entry.kind === 'time' // it would hide what was just looked at
    set({ log: [...state.log, entry], ...(!isQuiet && { selection: { kind: 'entry', id: entry.id, index: 0 } }) })
  }

  async function begin(view: State['view']): Promise<void> {
    const { state: beginning } = await api.restart()
    set({ log: [], beginning, view, selection: undefined, isOpen: false, isRunning: false })
  }

  async function all(commands: readonly string[], milliseconds: number): Promise<void> {
    for (const [index, words] of commands.entries()) {
      if (index > 0 && milliseconds > 0) await new Promise(resolve => setTimeout(resolve, milliseconds))
      await act({ words })
    }
  }

  /** To the moment before a step: what came before it happens again, at once. */
  async function prepare(index: number): Promise<void> {
    const first = beginningOf(index)
    await begin(steps[first]?.both ? 'both' : 'calm')
    await all([...(steps[first]?.setup ?? []), ...steps.slice(first, index).flatMap(({ acts }) => acts)], 0)
  }

  return {
    get state() {
      return state
    },
    subscribe(listener: (state: State) => void): void {
      listeners.push(listener)
      listener(state)
    },
    /** Everything anew. */
    restart: () => busily(() => begin(state.view)),
    setView: (view: State['view']) => busily(() => begin(view)),
    act: (command: Command) => busily(() => act(command)),
    do: (lane: Lane, verb: Verb) => busily(() => act({ words: `${lane} ${verb}` })),
    select: (selection: Selection | undefined) => set({ selection, isOpen: selection !== undefined }),
    close: () => set({ isOpen: false }),
    chooseSide: (side: Rules) => set({ side }),
    chooseLane: (lane: Lane) => set({ lane }),

    /** @param index of the step, or undefined for free play, which goes on with what is there */
    async goTo(index: number | undefined): Promise<void> {
      if (state.isBusy) await underWay // somebody may go back while a step is prepared
      if (index === state.step) return
      const isNext = index !== undefined && index - 1 === state.step && state.guess !== undefined
      const goesOn = isNext && steps[index]?.setup === undefined
      set({ step: index, guess: undefined, since: undefined, isRunning: false, isOpen: false })
      if (index !== undefined && !goesOn) await busily(() => prepare(index))
    },
    guess: (guess: number) =>
      busily(async () => {
        const step = steps[state.step ?? -1]
        if (!step || state.guess !== undefined) return
        set({ guess, since: state.log.at(-1)?.id ?? 0, isOpen: false })
        await all(step.acts, pause())
        set({ selection: lookOf(step, state) ?? state.selection })
      }),

    /** Lets the clock run, a second each second, or stops it. */
    run(isRunning: boolean): void {
      set({ isRunning })
      if (isRunning) tick()
    },
  }

  function tick(): void {
    setTimeout(async () => {
      if (!state.isRunning) return
      if (!state.isBusy) await busily(() => act({ words: 'time 1', isRunning: true }))
      if (state.isRunning) tick()
    }, 1000)
  }
}

/** What a step opens at its end; undefined for what happened last. */
function lookOf({ look }: Step, state: State): Selection | undefined {
  const [world] = worldsOf(state)
  const token = world?.lanes.a.access
  const mail = world && linkOf(world.owner)
  if (look === 'mail' && world && mail) return { kind: 'mail', id: mail.id, rules: world.rules }
  if (look === 'access token' && world && token) return { kind: 'token', token, rules: world.rules, lane: 'a' }
  const refresh = state.log.findLast(({ kind, ...entry }) => kind === 'sent' && isRefresh(entry as EntryOf<'sent'>))
  return look === 'refresh' && refresh ? { kind: 'entry', id: refresh.id, index: 0 } : undefined
}

const isRefresh = ({ sent }: EntryOf<'sent'>) => sent.some(({ exchange }) => exchange.request.url.endsWith('/refresh'))

export function rulesOn(view: State['view']): readonly Rules[] {
  return view === 'both' ? ['calm', 'strict'] : [view]
}

export function worldsOf({ log, view, beginning }: State): World[] {
  return rulesOn(view).map(rules => {
    const world = worldAfter(log, rules)
    return log.length > 0 ? world : { ...world, now: beginning?.now ?? 0, keys: beginning?.keys ?? [] }
  })
}
