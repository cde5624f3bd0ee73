/**
 * `npm run test:mutants -- [ROOM …] [--name TEXT …]`: puts one mutant at a time into a copy of the tree and runs the tests that
 * should notice. Prints which were killed and which survived, and ends with 1 when one survived, or has rotted.
 */
import { parseArgs } from 'node:util'
import type { Mutant } from './mutant.ts'
import { noticeIn } from './notice.ts'
import { mistakesOf, readRooms } from './rooms.ts'
import { copyTree } from './tree.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string', multiple: true } },
})

const rooms = await readRooms()
const unknown = positionals.find(wanted => !rooms.some(([room]) => isOf(room, wanted)))
if (unknown) end(2, [`there are no mutants for ${unknown}: ${rooms.map(([room]) => room).join(', ')}`])

// A copy of all, whichever are run: a mutant that nobody runs must not rot either.
const tree = copyTree()
const rotten = new Map<Mutant, string[]>()
for (const [room, mutants] of rooms) {
  for (const mutant of mutants) {
    const mistakes = mistakesOf(room, mutant, tree.read)
    if (mistakes.length > 0) rotten.set(mutant, mistakes)
  }
}

const wanted = (mutant: Mutant) => !rotten.has(mutant) && (values.name ?? ['']).some(text => mutant.name.includes(text))
const results: { room: string; mutant: Mutant; killer: string | undefined }[] = []
for (const [room, mutants] of rooms) {
  if (positionals.length > 0 && !positionals.some(one => isOf(room, one))) continue
  for (const mutant of mutants.filter(wanted)) {
    const startedAt = performance.now()
    const killer = await noticeIn(tree, mutant)
    results.push({ room, mutant, killer })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${killer ? 'killed  ' : 'SURVIVED'} ${room} · ${mutant.name} (${killer ?? mutant.file}, ${seconds} s)`)
  }
}

const width = Math.max(...rooms.map(([room]) => room.length))
console.log(`\n${'room'.padEnd(width)}  killed  survived`)
const counted = Map.groupBy(results, ({ room }) => room)
for (const [room, all] of [...counted, ['all', results] as const]) {
  const killed = all.filter(({ killer }) => killer).length
  console.log(`${room.padEnd(width)} ${String(killed).padStart(7)} ${String(all.length - killed).padStart(9)}`)
}
end(rotten.size > 0 || results.some(({ killer }) => !killer) ? 1 : 0, [...rotten.values()].flat())

function isOf(room: string, wanted: string): boolean {
  return room === wanted || room.startsWith(`${wanted}-`)
}

function end(code: number, lines: readonly string[] = []): never {
  for (const line of lines) console.error(line)
  process.exit(code)
}
