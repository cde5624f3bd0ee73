/**
 * Test files that share a process, as loading the service takes longer than most of them do. What `.taprc` names has a
 * process of its own: what starts processes for a long time, measures, or changes what all of a process sees. Each is a file
 * like any other, and runs by itself in `npm test -- test/http/cors.test.ts`.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { root } from './places.ts'

/** One process each, run by a file of this name in test/all-in-one/, whose own name lets the longest begin first. */
export const groups = {
  clients: ['clients/*/test/*.test.ts'],
  'command-line': ['test/cli/*.test.ts'],
  http: ['test/http/*.test.ts'],
  login: ['test/{factors,login,mail,passwords}/*.test.ts'],
  outside: ['test/{bench,examples,gateway,hostile,standards}/*.test.ts'],
  postgres: ['test/stores/postgres*.test.ts'],
  tokens: ['test/{jws,keys,sessions,tokens}/*.test.ts'],
  stores: ['test/{copy,metrics}/*.test.ts', 'test/stores/{sqlite*,transfer-columns}.test.ts'],
  users: ['test/{base,config,lab,names,users,wire}/**/*.test.ts'],
}

/** Those that `.taprc` names. */
export function filesAlone(): string[] {
  return globSync(parse(readFileSync(join(root, '.taprc'), 'utf8')).include, { cwd: root })
}

export function filesOf(group: keyof typeof groups): string[] {
  const alone = new Set(filesAlone())
  return globSync(groups[group], { cwd: root })
    .filter(file => !alone.has(file))
    .sort()
}

/** Runs the files of a group, each when the tests of the one before are over. */
export function runTogether(group: keyof typeof groups): void {
  if (process.env['TAP_GREP'] || process.env['TAP_ONLY'])
    throw new Error('name the file whose tests are to be chosen from')
  t.test('what the runner itself needs is loaded', async () => {})
  t.test(`${group}, in one process`, async () => runNext(filesOf(group), whatAllSee()))
}

function runNext([file, ...others]: readonly string[], seen: Seen, before?: string): void {
  t.test(file ?? 'the last of them', async of => {
    const now = whatAllSee(seen)
    if (before) of.strictSame(now, seen, `${before} leaves the process as it was`)
    if (file === undefined) return
    await import(join(root, file)) // its tests are queued behind this one
    runNext(others, now, file)
  })
}

interface Seen {
  readonly [name: string]: unknown
  readonly globals: Readonly<Record<string, unknown>>
}

/**
 * What one file could change for the next. Globals may come with a package that is loaded, but stay what they are; and
 * of listeners only those matter that would take an error for theirs.
 */
function whatAllSee(before?: Seen): Seen {
  const globals = Object.getOwnPropertyDescriptors(globalThis) as Record<string, PropertyDescriptor>
  const names = Object.keys(before?.globals ?? globals)
  return {
    environment: { ...process.env },
    folder: process.cwd(),
    catchers: ['uncaughtException', 'unhandledRejection'].map(name => process.listenerCount(name)),
    globals: Object.fromEntries(names.map(name => [name, globals[name]?.value])),
  }
}
