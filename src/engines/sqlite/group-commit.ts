/**
 * One line for everybody who needs the database. `node:sqlite` is synchronous, so nobody may wait inside it: while
 * another process holds the lock, the whole line waits out here, and one retry every few milliseconds is made for all.
 *
 * Those who stand in line in the same turn of the event loop are served as a group, which for writes is one commit and one
 * sync of the disk, under load most of what a refresh costs. Each is answered only when what it has seen or done is on disk.
 * `serve` is the one place where a group is committed and answered.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { unavailable } from './sqlite-errors.ts'

export type Act = () => unknown
export type Outcome = { readonly value: unknown } | { readonly error: unknown }

export interface Line {
  /**
   * Takes the last place in line.
   * @returns what the act returned, or throws what it threw
   * @throws {SignetError} `unavailable` when the lock was held by others for two seconds; then nothing happened
   */
  enter<T>(act: () => T): Promise<T>
  /** The same for an act that nobody waits for: it goes along with the next one, or by itself a moment later. */
  ride<T>(act: () => T): Promise<T>
  /** Does something while nobody in line is served; they wait, and the event loop does not. */
  hold<T>(act: () => Promise<T>): Promise<T>
  readonly isEmpty: boolean
}

interface Waiting {
  readonly act: Act
  readonly giveUpAt: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

const patienceMilliseconds = 2000
const longestPauseMilliseconds = 10

/** As long as a body may be behind its headers; nobody's answer depends on it. */
const rideMilliseconds = 20

/** With the limit in time of an attempt, so that no group keeps the event loop for long. */
const largestGroup = 200

const answersInATurn = 8

/**
 * @param attempt does the acts from the first on, as many as it has time for. It returns their outcomes, or undefined
 *   when the database was locked: then nothing happened, and it is called again.
 * @param settle resolves when what an attempt saw and did is on disk
 */
export function createLine(
  attempt: (acts: readonly Act[]) => readonly Outcome[] | undefined,
  settle: () => Promise<void> | undefined,
): Line {
  const line: Waiting[] = []
  let held: Promise<unknown> | undefined
  let isServing = false

  async function serve(): Promise<void> {
    isServing = true
    for (let tries = 0; line.length > 0; ) {
      await (tries === 0 ? turn() : sleep(pauseAfter(tries)))
      await held
      const { group, outcomes } = await attemptAll()
      if (group.length > 0) await answerWhenSettled(group, outcomes)
      else refuseImpatient()
      tries = group.length > 0 ? 0 : tries + 1
    }
    isServing = false
  }

  /** Those who stand in line just now, in as many attempts as they need, each in a turn of its own: one sync is for all. */
  async function attemptAll(): Promise<{ group: Waiting[]; outcomes: Outcome[] }> {
    const group: Waiting[] = []
    const outcomes: Outcome[] = []
    for (let left = Math.min(line.length, largestGroup); left > 0; ) {
      const some = attempt(line.slice(0, left).map(({ act }) => act))
      if (!some) break
      group.push(...line.splice(0, some.length))
      outcomes.push(...some)
      left -= some.length
      if (left > 0) await turn()
      if (held) break
    }
    return { group, outcomes }
  }

  async function answerWhenSettled(group: readonly Waiting[], outcomes: readonly Outcome[]): Promise<void> {
    try {
      await settle()
      await answer(group, outcomes)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  /** All are equally patient, so those who have waited too long stand in front. */
  function refuseImpatient(): void {
    const now = performance.now()
    const staying = line.findIndex(({ giveUpAt }) => giveUpAt > now)
    for (const { reject } of line.splice(0, staying < 0 ? line.length : staying)) {
      reject(unavailable('the database is locked by another process'))
    }
  }

  function stand<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUpAt = performance.now() + patienceMilliseconds
      line.push({ act, giveUpAt, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  function open(): void {
    if (!isServing && line.length > 0) void serve()
  }

  return {
    enter(act) {
      const served = stand(act)
      open()
      return served
    },

    ride(act) {
      setTimeout(open, rideMilliseconds).unref()
      return stand(act)
    },

    async hold(act) {
      const result = act()
      const over = result.then(nothing, nothing)
      held = over
      await over
      if (held === over) held = undefined
      return result
    },

    get isEmpty() {
      return line.length === 0
    },
  }
}

/** A few in a turn: signing and sending for all of a group at once, others would wait as long as for a disk. */
async function answer(group: readonly Waiting[], outcomes: readonly Outcome[]): Promise<void> {
  for (const [index, { resolve, reject }] of group.entries()) {
    if (index > 0 && index % answersInATurn === 0) await turn()
    const outcome = outcomes[index] as Outcome
    if ('error' in outcome) reject(outcome.error)
    else resolve(outcome.value)
  }
}

/** SQLite wakes nobody up. Short at first, for locks held for one commit, and never the same for two processes. */
function pauseAfter(tries: number): number {
  return Math.min(tries, longestPauseMilliseconds) * (0.5 + Math.random())
}

const nothing = () => {}
