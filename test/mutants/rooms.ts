/** All mutants, by the file they are in, and what is wrong with one whose text has moved on. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'

/** Each file beside this one that is called like a room, or like a room and a part of it (`engines-sqlite-files`). */
export async function readRooms(): Promise<[room: string, mutants: readonly Mutant[]][]> {
  const own = new Set(['run.ts', 'tree.ts', 'notice.ts', 'mutant.ts', 'rooms.ts'])
  const files = readdirSync(import.meta.dirname)
    .filter(file => file.endsWith('.ts') && !own.has(file))
    .sort()
  return Promise.all(
    files.map(async file => {
      const { mutants } = (await import(join(import.meta.dirname, file))) as { mutants: readonly Mutant[] }
      return [file.slice(0, -'.ts'.length), mutants] as [string, readonly Mutant[]]
    }),
  )
}

/** @param read a file's text, by its path from the root; undefined when there is no such file */
export function mistakesOf(
  room: string,
  { name, file, find, replace, tests }: Mutant,
  read: (file: string) => string | undefined,
): string[] {
  const found = (read(file) ?? '').split(find).length - 1
  const missing = tests.filter(test => read(test) === undefined)
  return [
    ...(found === 1 ? [] : [`stands ${found} times in ${file}, and must stand there once`]),
    ...(find === replace ? ['changes nothing'] : []),
    ...missing.map(test => `names a test that is not there: ${test}`),
  ].map(mistake => `${room}, "${name}": ${mistake}`)
}
