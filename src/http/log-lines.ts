/**
 * Standard output for log lines: all lines of one turn of the event loop in one write, because a system call for each
 * would cost more than the rest of logging. Nothing waits longer than its turn, and what waits is written when the
 * process ends, however it ends but by SIGKILL. A log that cannot be written (a full disk, a reader that has gone) costs
 * its lines and nothing else: they are counted, and the next one that gets through is behind a line that says how many.
 */
import { writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { asThrown } from '../base/thrown.ts'

export interface LogLines {
  write(line: string): void
  /** Also called by the logger itself, after a fatal line. */
  flushSync(): void
  /** How many lines could not be written since the start. */
  dropped(): number
}

/** What is kept for a pipe that is full and does not wait (EAGAIN); lines beyond that are dropped. */
const mostHeldBytes = 1_048_576
const retryMilliseconds = 20
const nothing = Buffer.alloc(0)

/** @param fd where to, by default standard output */
export function createLogLines(fd = 1): LogLines {
  let waiting = ''
  const held: Buffer[] = []
  let isRetrying = false
  let isTorn = false // the last line was written in part
  let dropped = 0
  let untold = 0
  let reason = ''

  function flushSync(): void {
    const lines = Buffer.from(waiting)
    waiting = ''
    putHeld()
    if (held.length === 0 && untold > 0) tell()
    if (held.length > 0) hold(lines)
    else if (untold > 0) drop(lines, reason)
    else keep(put(lines))
    if (held.length === 0 || isRetrying) return
    isRetrying = true
    setTimeout(retry, retryMilliseconds).unref()
  }

  function retry(): void {
    isRetrying = false
    flushSync()
  }

  /** What a full pipe did not take, before all that comes later. */
  function putHeld(): void {
    for (let lines = held.shift(); lines !== undefined; lines = held.shift()) {
      const rest = put(lines)
      if (rest.length > 0) return void held.unshift(rest)
    }
  }

  function hold(lines: Buffer): void {
    const bytes = held.reduce((sum, { length }) => sum + length, 0)
    if (bytes + lines.length > mostHeldBytes) drop(lines, 'EAGAIN')
    else keep(lines)
  }

  function keep(lines: Buffer): void {
    if (lines.length > 0) held.push(lines)
  }

  /** @returns what a full pipe did not take; what cannot be written is dropped */
  function put(bytes: Buffer): Buffer {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(fd, bytes, done)
      return nothing
    } catch (error) {
      const { code = 'unknown' } = asThrown(error)
      const rest = bytes.subarray(done)
      if (code === 'EAGAIN') return rest
      if (done > 0) isTorn = bytes[done - 1] !== lineEnd
      drop(rest, code)
      return nothing
    }
  }

  function drop(lines: Buffer, why: string): void {
    const count = countLines(lines)
    if (count > 0) reason = why
    untold += count
    dropped += count
  }

  function tell(): void {
    const [before, told] = [dropped, untold]
    untold = 0
    const line = `${lineStart(40)},"dropped":${told},"reason":"${reason}",${message}}\n`
    keep(put(Buffer.from(isTorn ? `\n${line}` : line)))
    if (untold === 0) isTorn = false
    else [dropped, untold] = [before, told] // nobody heard it; and it is no line of anybody's
  }

  process.on('exit', () => {
    flushSync()
    // A reader that is only slow gets a second.
    for (let tries = 0; held.length > 0 && tries < 50; tries++) {
      Atomics.wait(sleeper, 0, 0, retryMilliseconds)
      flushSync()
    }
  })

  return {
    write(line) {
      if (waiting === '') setImmediate(flushSync)
      waiting += line
    },
    flushSync,
    dropped: () => dropped,
  }
}

/** How every line begins, as the logger writes it into its own. @param level pino's: 20 debug, 30 info, 40 warn */
export function lineStart(level: number): string {
  return `{"level":${level},"time":${Date.now()},${origin}`
}

const origin = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`
const message = '"msg":"log lines were dropped: they could not be written"'
const lineEnd = 10
const sleeper = new Int32Array(new SharedArrayBuffer(4))

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(lineEnd); at !== -1; at = lines.indexOf(lineEnd, at + 1)) count++
  return count
}
