/** What has happened, in order: the page's one truth. Diagram, lanes and panels are drawn from it. */
import type { Exchange, Lane } from '../../src/lab/exchange.ts'
import type { Letter } from '../../src/lab/mailbox.ts'
import type { ServiceAnswers } from '../../src/lab/mock-services.ts'
import type { Rules } from '../../src/lab/rules.ts'
import type { Snapshot } from '../../src/lab/snapshot.ts'
import type { Token } from './token.ts'

export type { SessionRow } from '../../src/lab/snapshot.ts'
export type { Exchange, Lane, Letter as Mail, Rules, ServiceAnswers, Snapshot }

/** A request, its answer, and the tokens that went with them. */
export interface Sent {
  readonly exchange: Exchange
  readonly presented: Token | undefined
  /** Where a character of it was changed. */
  readonly changedAt: number | undefined
  readonly got: readonly Token[]
}

export type Entry = {
  readonly id: number
  readonly state: Snapshot /** Those of one command have the same number. */
  readonly command: number
} & (
  | { readonly kind: 'sent'; readonly rules: Rules /** at the same moment */; readonly sent: readonly Sent[] }
  | { readonly kind: 'copy'; readonly rules: Rules; readonly from: Lane; readonly to: Lane }
  | { readonly kind: 'services'; readonly rules: Rules; readonly token: Token; readonly answers: ServiceAnswers }
  | { readonly kind: 'time'; readonly seconds: number /** second by second */; readonly isRunning: boolean }
  | { readonly kind: 'secret'; readonly act: 'rotate' | 'forget' }
)

export type EntryOf<K extends Entry['kind']> = Extract<Entry, { kind: K }>

export const lanes: readonly Lane[] = ['a', 'b', 'thief']

/** Whether an entry is to be seen under these rules: what happens to the clock or the keys happens to both. */
export function isOf(entry: Entry, rules: Rules): boolean {
  return !('rules' in entry) || entry.rules === rules
}
