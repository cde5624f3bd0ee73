/**
 * Which core a process runs on. Server and load generator compete for one when the system is free to move them, and the
 * measurement is then of the scheduler. Linux only; elsewhere everything runs where the system likes.
 */
import { spawnSync } from 'node:child_process'

/** `one`: the core all compared servers share. `others`: the rest. `all`: as without us. */
export type Cores = 'one' | 'others' | 'all'

const own = ownCores()

export const canPin: boolean = own.length >= 2
export const coreCount: number = Math.max(own.length, 1)

/** The command, wrapped so that it runs on these cores; children would inherit ours otherwise. */
export function onCores(cores: Cores, command: readonly string[]): string[] {
  return canPin ? ['taskset', '-c', listOf(cores), ...command] : [...command]
}

/** Moves this process, the load generator, with all its threads. */
export function moveTo(cores: Cores): void {
  if (canPin) spawnSync('taskset', ['-acp', listOf(cores), String(process.pid)])
}

function listOf(cores: Cores): string {
  const [first, ...others] = own
  return (cores === 'one' ? [first] : cores === 'others' ? others : own).join(',')
}

/** `pid 1's current affinity list: 0,2-4`; a container often may use only some. */
function ownCores(): number[] {
  if (process.platform !== 'linux') return []
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  if (status !== 0) return []
  const list = stdout.slice(stdout.lastIndexOf(':') + 1).trim()
  return list.split(',').flatMap(range => {
    const [from = 0, to = from] = range.split('-').map(Number)
    return Array.from({ length: to - from + 1 }, (_, i) => from + i)
  })
}
