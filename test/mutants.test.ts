/** A mutant that is no longer found is a promise that nobody tries any more: `npm run test:mutants` would find out late. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mistakesOf, readRooms } from './mutants/rooms.ts'

const texts = new Map<string, string | undefined>()

function read(file: string): string | undefined {
  if (!texts.has(file)) {
    try {
      texts.set(file, readFileSync(join(import.meta.dirname, '..', file), 'utf8'))
    } catch {
      texts.set(file, undefined)
    }
  }
  return texts.get(file)
}

t.test('every mutant stands where it says, once, and its tests are there', async t => {
  const rooms = await readRooms()
  t.ok(rooms.length > 20)
  for (const [room, mutants] of rooms) {
    t.strictSame(
      mutants.flatMap(mutant => mistakesOf(room, mutant, read)),
      [],
      room,
    )
  }
})
