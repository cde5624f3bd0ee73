/**
 * Standard output for log lines: all lines of one turn of the event loop in one write, because a system call for each
 * would cost more than the rest of logging. Nothing waits longer than its turn, and what waits is written when the
 * process ends, however it ends but by SIGKILL.
 */
import pino from 'pino'

export interface LogLines {
  write(line: string): void
  /** Also called by the logger itself, after a fatal line. */
  flushSync(): void
}

/** @param fd where to, by default standard output */
export function createLogLines(fd = 1): LogLines {
  const output = pino.destination({ dest: fd, sync: true }) // outlives a reader that goes away
  let waiting = ''

  function flushSync(): void {
    const lines = waiting
    waiting = ''
    if (lines !== '') output.write(lines)
  }

  process.on('exit', flushSync)

  return {
    write(line) {
      if (waiting === '') setImmediate(flushSync)
      waiting += line
    },
    flushSync,
  }
}
