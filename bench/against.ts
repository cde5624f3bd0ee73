/**
 * `npx node bench/against.ts ../before [--pairs 6]`: what a request costs in this tree and in another checkout of it (with its
 * packages), in processor time. Both serve at once and are asked in turn, so a busy machine slows both alike. Two processes of
 * one code differ by up to a quarter for as long as they live, so there are several pairs of them; an even number, as every
 * other one is asked in the other order.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { getWithTokens } from './run/candidates.ts'
import { type Candidate, compare } from './run/compare.ts'
import { loadRefresh } from './run/refresh-load.ts'
import { root } from './run/root.ts'
import { type Environment, signetEnvironment, startSignet, withServers } from './run/signet.ts'
import { median, shown, shownSpread, spreadOf } from './run/statistics.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '6' } },
})
const [other = ''] = positionals
const pairs = Number(values.pairs)
if (other === '' || !(pairs >= 1)) {
  console.error('npx node bench/against.ts FOLDER [--pairs N]: another checkout, and how many pairs of processes')
  process.exit(2)
}
const rounds = 4
const seconds = 0.7
const inFlight = 50 // a round loses the tokens of so many sessions
const trees = [resolve(other), root]

const folder = mkdtempSync(join(tmpdir(), 'signet-against-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const places = trees.map(tree => {
  const env = {
    ...signetEnvironment(folder, { REFRESH_RACE_WINDOW: '0' }),
    SEED_USERS_FILE: `${tree}/practice/users.ndjson`,
  }
  run(tree, 'npm', ['run', '--silent', 'build'])
  return { tree, env, ...mint(tree, env) }
})

type Ask = (place: (typeof places)[number], server: Parameters<typeof getWithTokens>[1]) => Candidate
const requests: Record<string, Ask> = {
  'GET /me, tokens seen before': ({ tree, access }, server) =>
    getWithTokens(tree, server, '/me', access.slice(0, 1000)),
  'GET /me, each token new': ({ tree, access }, server) => getWithTokens(tree, server, '/me', access),
  'POST /refresh, SQLite': ({ tree, refresh }, server) => ({
    who: tree,
    measure: seconds => loadRefresh(server, { waiting: refresh }, seconds),
  }),
}

const ratios: Record<string, number[]> = Object.fromEntries(Object.keys(requests).map(what => [what, []]))
for (let pair = 0; pair < pairs; pair++) {
  const order = pair % 2 ? places.toReversed() : places
  await withServers(
    order.map(({ tree, env }) => startSignet(env, { folder: tree })),
    async servers => {
      for (const [what, ask] of Object.entries(requests)) {
        const candidates = servers.map((server, i) => ask(order[i] as (typeof places)[number], server))
        const costs = (await compare(candidates, { rounds, seconds })).map(one => median(one.cpuMicroseconds ?? []))
        const [there = 0, here = 0] = pair % 2 ? costs.toReversed() : costs
        console.log(`${what}: ${shown(there)} µs there, ${shown(here)} µs here`)
        ratios[what]?.push(here / there)
      }
    },
  )
}
for (const [what, values] of Object.entries(ratios)) {
  console.log(`${what}: here ${shownSpread(spreadOf(values))} of there, in ${pairs} pairs of processes`)
}
process.exit()

/** By that tree's own code, whose schema the database has. */
function mint(tree: string, env: Environment): { access: string[]; refresh: string[] } {
  const script = `
    const { mintAccessTokens, mintSessions } = await import('./bench/run/mint.ts')
    const env = JSON.parse(process.argv[1])
    const access = await mintAccessTokens(env, 20_000)
    const refresh = await mintSessions(env, ${inFlight * (rounds + 1) * pairs + 1000})
    process.stdout.write(JSON.stringify({ access, refresh }), () => process.exit())`
  return JSON.parse(run(tree, process.execPath, ['--input-type=module', '-e', script, JSON.stringify(env)]))
}

function run(tree: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: tree, encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(`${command} ${args[0]} failed in ${tree}:\n${stderr}`)
  return stdout
}
