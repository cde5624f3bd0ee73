/** The rules that are compared. All judge with the service's own `decideRefresh`; they differ in its policy. */
import type { RefreshPolicy } from '../../src/sessions/session.ts'

export interface Rule extends RefreshPolicy {
  readonly name: string
  /** A repeat starts the window anew, as many implementations do. */
  readonly slides?: boolean
}

export const strict: Rule = { name: 'strict rotation', raceWindowSeconds: 0, retriesPerDay: 0 }
export const previousAlways: Rule = { name: 'previous token always works', raceWindowSeconds: 0, retriesPerDay: 1e9 }
export const signet: Rule = { name: 'Signet: 30 s, 2 retries a day', raceWindowSeconds: 30, retriesPerDay: 2 }

export const rules: readonly Rule[] = [
  strict,
  { name: 'window of 30 s', raceWindowSeconds: 30, retriesPerDay: 0 },
  { name: 'window of 30 s, sliding', raceWindowSeconds: 30, retriesPerDay: 0, slides: true },
  { name: 'window of 5 min, sliding', raceWindowSeconds: 300, retriesPerDay: 0, slides: true },
  { name: 'window of 1 h', raceWindowSeconds: 3600, retriesPerDay: 0 },
  { name: 'window of 1 h, sliding', raceWindowSeconds: 3600, retriesPerDay: 0, slides: true },
  previousAlways,
  { ...signet, name: 'Signet with 1 retry a day', retriesPerDay: 1 },
  signet,
  { ...signet, name: 'Signet with 5 retries a day', retriesPerDay: 5 },
]
