/** Writes bench/results.md and its charts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { canPin, coreCount } from '../run/cores.ts'
import { root } from '../run/root.ts'
import type { BenchOptions, Outcome, Scenario } from '../scenario.ts'
import { drawOutcome, drawOverTime } from './charts.ts'
import { barsOf, type Rows, rowsOf } from './rows.ts'

interface Done {
  readonly scenario: Scenario
  readonly outcome: Outcome
}

const folder = join(root, 'bench')

export function writeResults(done: readonly Done[], { rounds, seconds }: BenchOptions): void {
  mkdirSync(join(folder, 'charts'), { recursive: true })
  const sections: string[] = []
  for (const { scenario, outcome } of done) sections.push(section(scenario, outcome))
  const date = new Date().toISOString().slice(0, 10)
  const pinning = canPin
    ? 'The compared servers share one core, the load generator has the others.'
    : 'Servers and load generator shared the cores.'
  const page = [
    '# Results',
    `Written by \`npm run bench\` on ${date}: Node ${process.versions.node}, ${process.platform} ${process.arch}, ${coreCount} cores.`,
    `${rounds} rounds of ${seconds} s, candidates in turn. ${pinning} Ratios are taken round by round; the figure is the ` +
      "median, with the least and the most in parentheses. Absolute figures are this machine's; " +
      '[docs/performance.md](../docs/performance.md) says how to read them.',
    table(barsOf(done.map(({ outcome }) => outcome))),
    ...sections,
  ]
  writeFileSync(join(folder, 'results.md'), `${page.join('\n\n')}\n`)
}

function section({ name, title }: Scenario, outcome: Outcome): string {
  if (outcome.skipped) return `## ${title}\n\nNot measured: ${outcome.skipped}.`
  const chart = join('charts', `${name}.svg`)
  writeFileSync(join(folder, chart), drawOutcome(title.replaceAll('`', ''), outcome))
  const over = outcome.overTime && join('charts', `${name}-over-time.svg`)
  if (over && outcome.overTime) {
    writeFileSync(join(folder, over), drawOverTime(title.replaceAll('`', ''), outcome.overTime))
  }
  const more = over ? [`![the same, second by second](${over})`] : []
  const notes = outcome.notes.map(note => `- ${note}`).join('\n')
  return [`## ${title}`, table(rowsOf(outcome)), `![${title.replaceAll('`', '')}](${chart})`, ...more, notes].join(
    '\n\n',
  )
}

function table({ head, rows }: Rows): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
