/** `node bench/simulation/main.ts`: what the refresh rules do to honest users and to thieves, over simulated weeks. */
import { createBrowser, usualNetwork, weekSeconds } from './browser.ts'
import { seeded } from './random.ts'
import { type CaughtRow, type HonestRow, writeSimulation } from './results.ts'
import { type Rule, rules } from './rules.ts'
import { habits, timeUntilCaught } from './thief.ts'
import { createTimeline } from './timeline.ts'

const weeks = 2000
const thefts = 400
const losses = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05]

const startedAt = performance.now()
const honest = rules.flatMap(rule => losses.map(lost => honestWeeks(rule, lost)))
const caught = rules.flatMap(rule => habits.map(({ name }, habit) => caughtAfter(rule, name, habit)))
writeSimulation({ honest, caught, weeks, thefts, usualLoss: usualNetwork.lost })
console.log(`${Math.round((performance.now() - startedAt) / 1000)} s`)

/** The same seeds for every rule: the same weeks, judged differently. */
function honestWeeks(rule: Rule, lost: number): HonestRow {
  const some = lost === usualNetwork.lost ? weeks : weeks / 4
  let logouts = 0
  let spoiled = 0
  let refreshes = 0
  for (let seed = 1; seed <= some; seed++) {
    const timeline = createTimeline()
    const browser = createBrowser(timeline, seeded(seed), rule, { ...usualNetwork, lost })
    timeline.run(weekSeconds)
    logouts += browser.logouts
    refreshes += browser.refreshes
    if (browser.logouts > 0) spoiled++
  }
  const per1000 = (count: number) => (count / some) * 1000
  return { rule: rule.name, lost, logouts: per1000(logouts), spoiled: per1000(spoiled), refreshes: refreshes / some }
}

function caughtAfter(rule: Rule, name: string, habit: number): CaughtRow {
  const minutes: number[] = []
  for (let seed = 1; seed <= thefts; seed++) {
    const seconds = timeUntilCaught(rule, habits[habit]!, seed * 7919 + habit)
    minutes.push(seconds === undefined ? Number.POSITIVE_INFINITY : seconds / 60)
  }
  return { rule: rule.name, habit: name, minutes }
}
