/** Whether a test notices a mutant: it fails with it, and passes without. */
import { spawn } from 'node:child_process'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'
import type { Tree } from './tree.ts'

/** A mutant may turn an end into a loop. */
const limitMilliseconds = 150_000

/**
 * @returns the test file that failed; undefined when none did
 * @throws {Error} when the mutant is no program at all, which every test would notice
 */
export async function noticeIn(
  tree: Tree,
  { name, file, find, replace, tests, only }: Mutant,
): Promise<string | undefined> {
  const text = tree.read(file) ?? ''
  const mutated = text.replace(find, () => replace)
  if (file.endsWith('.ts')) stripTypeScriptTypes(mutated)
  for (const test of tests) {
    tree.write(file, mutated)
    const passed = await passes(tree, test, only)
    tree.write(file, text)
    if (passed) continue
    if (await passesAsItIs(tree, test, only)) return test
    console.error(`${test} fails without "${name}" too, so it says nothing`)
  }
  return undefined
}

const passing = new Set<string>()

/** What passed once is known to; what failed may do better at the next mutant, as when the machine was busy. */
async function passesAsItIs(tree: Tree, test: string, only?: string): Promise<boolean> {
  const key = `${test} ${only}`
  if (!passing.has(key) && (await passes(tree, test, only))) passing.add(key)
  return passing.has(key)
}

/** Compiled code is kept for the next mutant: half of what a test takes is loading. */
function passes({ folder }: Tree, test: string, only?: string): Promise<boolean> {
  const env = {
    ...process.env,
    NODE_COMPILE_CACHE: join(folder, '.mutants-cache'),
    TAP_BAIL: '1',
    TAP_TIMEOUT: '120',
    ...(only && { TAP_GREP: only.replace(/[^\w\s]/g, '\\$&') }),
  }
  // A group of its own: a test that gives up at its first failure, or is killed, leaves the servers it has started.
  const child = spawn(process.execPath, [test], { cwd: folder, stdio: 'ignore', env, detached: true })
  const endGroup = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {} // nobody is left
  }
  process.once('exit', endGroup)
  const timer = setTimeout(endGroup, limitMilliseconds)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', code => {
      clearTimeout(timer)
      process.off('exit', endGroup)
      endGroup()
      resolve(code === 0)
    })
  })
}
