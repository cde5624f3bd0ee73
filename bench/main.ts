/**
 * `npm run bench`: everything, written to bench/results.md. `-- me-seen refresh`: these scenarios, printed.
 * `-- --quick`: ratios only, in under a minute. `-- --full`: with ten million sessions. `-- --rounds 9`: more of them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printBars, printOutcome } from './report/print.ts'
import { writeResults } from './report/results.ts'
import { canPin } from './run/cores.ts'
import { buildSignet } from './run/signet.ts'
import { type BenchOptions, type Outcome, type Scenario, skipped } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    rounds: { type: 'string' },
  },
})
const unknown = positionals.filter(name => !scenarios.some(one => one.name === name))
if (unknown.length > 0) {
  console.error(`no scenario ${unknown.join(', ')}; there are: ${scenarios.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'signet-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const { quick, full } = values
const options: BenchOptions = {
  quick,
  full,
  rounds: Number(values.rounds ?? (quick ? 3 : 5)),
  seconds: quick ? 0.6 : 2,
  folder,
}

buildSignet()
if (!canPin) console.log('Server and load generator share cores here: expect a wide spread.\n')
const outcomes: { scenario: Scenario; outcome: Outcome }[] = []
for (const scenario of scenarios.filter(isWanted)) {
  const outcome = await scenario.run(options).catch(failed)
  printOutcome(scenario, outcome)
  outcomes.push({ scenario, outcome })
}
printBars(outcomes)
if (positionals.length === 0 && !quick) writeResults(outcomes, options)
process.exit() // a bar that is missed is news, not an error

/** The others are measured all the same, but the whole has failed. */
function failed(error: Error): Outcome {
  process.exitCode = 1
  console.error(error)
  return skipped(`it failed: ${error.message}`)
}

function isWanted({ name, inQuick }: Scenario): boolean {
  return positionals.length > 0 ? positionals.includes(name) : inQuick || !quick
}
