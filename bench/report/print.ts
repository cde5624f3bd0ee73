/** Results on a terminal. */
import Table from 'cli-table3'
import type { Outcome, Scenario } from '../scenario.ts'
import { barsOf, type Rows, rowsOf } from './rows.ts'

interface Done {
  readonly scenario: Scenario
  readonly outcome: Outcome
}

export function printOutcome({ name, title }: Scenario, outcome: Outcome): void {
  console.log(`${name}: ${title.replaceAll('`', '')}`)
  if (outcome.skipped) console.log(`  skipped: ${outcome.skipped}`)
  else print(rowsOf(outcome))
  for (const note of outcome.notes) console.log(`  ${note.replaceAll('`', '')}`)
  console.log()
}

export function printBars(done: readonly Done[]): void {
  const bars = barsOf(done.map(({ outcome }) => outcome))
  if (bars.rows.length > 0) print(bars)
}

function print({ head, rows }: Rows): void {
  const table = new Table({ head, style: { head: [], border: [] } })
  table.push(...rows.map(row => row.map(cell => cell.replaceAll('`', ''))))
  console.log(table.toString())
}
