/** A progress bar on standard error, when that is a terminal; otherwise silence. */
import { SingleBar } from 'cli-progress'

export interface Progress {
  /** @param note what stands behind the bar */
  update(done: number, note?: string): void
  /** Writes a line without leaving half a bar behind. */
  line(text: string): void
  stop(): void
}

/** @param total undefined: not known beforehand, so only the note is shown */
export function startProgress(total: number | undefined): Progress {
  if (!process.stderr.isTTY) {
    return { update() {}, line: text => void process.stderr.write(`${text}\n`), stop() {} }
  }
  const format = total === undefined ? '{note}' : '{bar} {percentage} %  {note}  {left} left'
  const bar = new SingleBar({ format, clearOnComplete: true, barsize: 30, forceRedraw: true })
  const startedAt = performance.now()
  let last = { done: 0, shown: { note: '', left: '…' } }
  const start = () => bar.start(total ?? 1, last.done, last.shown)
  start()

  return {
    update(done, note = '') {
      const seconds = (performance.now() - startedAt) / 1000
      const left = done > 0 && seconds > 1 ? durationOf((seconds / done) * ((total ?? 0) - done)) : '…'
      last = { done: total === undefined ? 0 : Math.min(done, total), shown: { note, left } }
      bar.update(last.done, last.shown)
    },
    line(text) {
      bar.stop() // it puts the cursor back to where it started, so it must start again below the line
      process.stderr.write(`${text}\n`)
      start()
    },
    stop: () => bar.stop(),
  }
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
