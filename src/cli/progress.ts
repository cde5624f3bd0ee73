/** A progress bar on standard error, when that is a terminal; otherwise silence. */
import { SingleBar } from 'cli-progress'
import { oneLine } from '../base/text.ts'
import { type Call, say } from './call.ts'

export interface Progress {
  /** @param note what stands behind the bar */
  update(done: number, note?: string): void
  /** Says a line without leaving half a bar behind. */
  say(text: string): void
  stop(): void
}

/** @param total undefined: not known beforehand, so only the note is shown */
export function startProgress(call: Pick<Call, 'stderr'>, total: number | undefined): Progress {
  const { stderr: stream } = call
  if (!stream.isTTY) return { update() {}, say: text => say(call, text), stop() {} }
  const format = total === undefined ? '{note}' : '{bar} {percentage} %  {note}  {left} left'
  const bar = new SingleBar({ stream, format, clearOnComplete: true, barsize: 30, forceRedraw: true })
  const startedAt = performance.now()
  let last = { done: 0, shown: { note: '', left: '…' } }
  const start = () => bar.start(total ?? 1, last.done, last.shown)
  start()

  return {
    update(done, note = '') {
      const seconds = (performance.now() - startedAt) / 1000
      const left = done > 0 && seconds > 1 ? durationOf((seconds / done) * ((total ?? 0) - done)) : '…'
      last = { done: total === undefined ? 0 : Math.min(done, total), shown: { note: oneLine(note), left } }
      bar.update(last.done, last.shown)
    },
    say(text) {
      bar.stop() // it puts the cursor back to where it started, so it must start again below the line
      say(call, text)
      start()
    },
    stop: () => bar.stop(),
  }
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
