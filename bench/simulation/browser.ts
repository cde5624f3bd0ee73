/**
 * An honest user's laptop: a browser with a few tabs that share one storage, opened and shut several times a day. Each tab
 * refreshes by itself when the access token is old, without asking the others, as most pages do.
 */
import type { Random } from './random.ts'
import type { Rule } from './rules.ts'
import { createSession, type SessionRow, type Token } from './session-row.ts'
import type { Timeline } from './timeline.ts'

export interface Network {
  /** Probability that the server does its work and the answer never arrives. */
  readonly lost: number
  /** The same, right after a lost one: losses come in bunches. */
  readonly lostAgain: number
}

export const usualNetwork: Network = { lost: 0.005, lostAgain: 0.2 }

export interface Browser {
  readonly session: SessionRow
  readonly token: Token
  readonly isAwake: boolean
  readonly refreshes: number
  /** How often the user had to log in again. */
  readonly logouts: number
}

export const weekSeconds = 7 * 86_400
export const accessSeconds = 900
const tabs = 3
const early = 30 // seconds before expiry at which pages refresh
const patience = 10 // seconds until a page gives up waiting

export function createBrowser(
  timeline: Timeline,
  random: Random,
  rule: Rule,
  { lost, lostAgain }: Network = usualNetwork,
  onRotation: () => void = () => {},
): Browser {
  let logins = 0
  let refreshes = 0
  let session!: SessionRow
  let token!: Token
  let freshUntil = 0
  let awakeUntil = 0
  let lastWasLost = false

  const isAwake = () => timeline.now < awakeUntil
  const isFresh = () => timeline.now < freshUntil

  function logIn(): void {
    const sid = `session ${++logins}`
    session = createSession(sid, rule, timeline.now, onRotation)
    store({ sid, gen: 0 })
  }

  function store(received: Token): void {
    token = received
    freshUntil = timeline.now + accessSeconds - early
    // Every tab has a timer of its own; those in the background fire up to a second late, or a minute when throttled.
    for (let tab = 0; tab < tabs; tab++) {
      const late =
        tab === 0 ? random.between(0, 0.1) : random.happens(0.3) ? random.between(0, 60) : random.between(0, 1)
      timeline.at(freshUntil + late, refreshIfOld)
    }
  }

  function refreshIfOld(): void {
    if (isAwake() && !isFresh()) send()
  }

  function send(): void {
    refreshes++
    const sent = token
    const { session: asked } = { session }
    const journey = 0.03 + random.about(0.1) + (random.happens(0.02) ? random.between(0.5, 5) : 0)
    const isLost = random.happens(lastWasLost ? lostAgain : lost)
    lastWasLost = isLost
    timeline.at(timeline.now + journey / 2, () => {
      const answer = asked.present(sent, timeline.now)
      if (isLost)
        timeline.at(timeline.now + patience + random.about(60), refreshIfOld) // at the user's next click
      else timeline.at(timeline.now + journey / 2, () => receive(sent, answer))
    })
  }

  function receive(sent: Token, answer: Token | undefined): void {
    if (!isAwake() || sent.sid !== token.sid) return // the lid was shut, or the user has logged in again meanwhile
    if (answer) store(answer)
    else logIn()
  }

  /** Some five sittings a day between morning and night; asleep in between, with whatever was in flight. */
  for (let day = 0; day < 7; day++) {
    let time = day * 86_400 + random.between(7, 10) * 3600
    while (time < day * 86_400 + 23 * 3600) {
      const end = time + 300 + random.about(3600)
      timeline.at(time, () => {
        awakeUntil = Math.max(awakeUntil, end)
        if (!session) logIn()
        // The network is back after a few seconds, and every tab wants to know what is new.
        const online = timeline.now + random.between(0, 5)
        for (let tab = 0; tab < tabs; tab++) timeline.at(online + random.between(0, 2), refreshIfOld)
      })
      time = end + 120 + random.about(5400)
    }
  }

  return {
    get session() {
      return session
    },
    get token() {
      return token
    },
    get isAwake() {
      return session !== undefined && isAwake()
    },
    get refreshes() {
      return refreshes
    },
    get logouts() {
      return Math.max(0, logins - 1)
    },
  }
}
