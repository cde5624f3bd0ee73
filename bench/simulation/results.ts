/** Writes bench/simulation/results.md and its charts. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lineChart } from '../report/svg.ts'
import { median } from '../run/statistics.ts'
import { rules } from './rules.ts'
import { habits } from './thief.ts'

export interface HonestRow {
  readonly rule: string
  readonly lost: number
  /** Per 1,000 user-weeks. */
  readonly logouts: number
  /** Weeks with at least one, of 1,000. */
  readonly spoiled: number
  readonly refreshes: number
}

export interface CaughtRow {
  readonly rule: string
  readonly habit: string
  /** Infinity: not within a week. */
  readonly minutes: readonly number[]
}

export interface Simulation {
  readonly honest: readonly HonestRow[]
  readonly caught: readonly CaughtRow[]
  readonly weeks: number
  readonly thefts: number
  readonly usualLoss: number
}

export function writeSimulation(simulation: Simulation): void {
  const folder = import.meta.dirname
  mkdirSync(join(folder, 'charts'), { recursive: true })
  writeFileSync(join(folder, 'charts', 'logouts.svg'), drawLogouts(simulation))
  writeFileSync(join(folder, 'charts', 'caught.svg'), drawCaught(simulation))
  writeFileSync(join(folder, 'results.md'), page(simulation))
}

function page({ honest, caught, weeks, thefts, usualLoss }: Simulation): string {
  const usual = honest.filter(({ lost }) => lost === usualLoss)
  const ofAll = (rule: string) => caught.filter(row => row.rule === rule && !isInStep(row)).flatMap(row => row.minutes)
  const rows = usual.map(({ rule, spoiled, logouts }) => [
    rule,
    whole(spoiled),
    whole(logouts),
    time(median(ofAll(rule))),
  ])
  const habitRows = rules.map(rule => [rule.name, ...habits.map(({ name }) => timeOf(caught, rule.name, name))])
  const losses = [...new Set(honest.map(({ lost }) => lost))]
  const lossRows = rules.map(rule => [
    rule.name,
    ...losses.map(lost => whole(honest.find(row => row.rule === rule.name && row.lost === lost)?.spoiled ?? 0)),
  ])
  return `${[
    '# The refresh rules, simulated',
    `Written by \`node bench/simulation/main.ts\`. Every rule is judged by the service's own \`decideRefresh\`; the same seeds give the same weeks. A model is not a measurement of your users.`,
    table(['rule', 'of 1,000 user-weeks, with a false logout', 'false logouts in them', 'thief caught, median'], rows),
    '![False logouts](charts/logouts.svg)',
    '![Time until a thief is caught](charts/caught.svg)',
    '## The model',
    modelOf(weeks, thefts, usualLoss, usual[0]?.refreshes ?? 0),
    '## A thief, by habit',
    'Median time until the session ends, and how many were never caught within a week.',
    table(['rule', ...habits.map(({ name }) => name)], habitRows),
    '## Worse networks',
    'User-weeks with a false logout, of 1,000, by the share of answers that are lost.',
    table(['rule', ...losses.map(lost => `${lost * 100} % lost`)], lossRows),
  ].join('\n\n')}\n`
}

function modelOf(weeks: number, thefts: number, usualLoss: number, refreshes: number): string {
  return [
    `- An honest user has one laptop and three tabs that share the token and refresh without asking each other, about ${whole(refreshes)} times a week. Background tabs are a little late, or a minute when throttled.`,
    '- The laptop is opened several times a day for an hour or so. Shutting it loses what is in flight. After waking, every tab refreshes within seconds.',
    `- ${usualLoss * 100} % of the answers are lost after the server did its work; after a lost one, one in five. The page tries again at the user's next click, about a minute later, or after the next waking.`,
    '- A thief copies the token once, while the laptop is open. The median in the first table is over the habits that do not watch the victim; those in step have their own lines.',
    `- ${weeks.toLocaleString('en-US')} user-weeks and, for each habit, ${thefts} thefts per rule. A false logout also ends a thief's session: under strict rotation that is what ends most.`,
  ].join('\n')
}

function isInStep({ habit }: CaughtRow): boolean {
  return habit.startsWith('in step')
}

function timeOf(caught: readonly CaughtRow[], rule: string, habit: string): string {
  const minutes = caught.find(row => row.rule === rule && row.habit === habit)?.minutes ?? []
  const never = minutes.filter(one => one === Number.POSITIVE_INFINITY).length / minutes.length
  return `${time(median(minutes))}${never > 0 ? ` (${Math.round(never * 100)} % never)` : ''}`
}

function time(minutes: number): string {
  if (!Number.isFinite(minutes)) return 'not in a week'
  return minutes < 180 ? `${minutes.toFixed(minutes < 10 ? 1 : 0)} min` : `${(minutes / 60).toFixed(1)} h`
}

const whole = (number: number) => Math.round(number).toLocaleString('en-US')

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function drawLogouts({ honest }: Simulation): string {
  const lines = rules.map(({ name }) => ({
    label: name,
    points: honest.filter(({ rule }) => rule === name).map(({ lost, spoiled }) => [lost * 100, spoiled] as const),
  }))
  return lineChart('User-weeks with a false logout, of 1,000', 'lost answers, %', lines, { compress: true })
}

/** How many thieves still hold a working token after so long. */
function drawCaught({ caught }: Simulation): string {
  const moments = Array.from({ length: 60 }, (_, i) => 10 ** ((i * 4) / 59)) // a minute to a week
  const lines = rules.map(({ name }) => {
    const minutes = caught.filter(row => row.rule === name && !isInStep(row)).flatMap(row => row.minutes)
    const free = (after: number) => (minutes.filter(one => one > after).length / minutes.length) * 100
    return { label: name, points: moments.map(after => [after / 60, free(after)] as const) }
  })
  const title = 'Thieves not yet caught (those not in step with the victim), %'
  return lineChart(title, 'hours since the theft', lines, { compress: false })
}
