/** Preloaded into every compared server: says, when asked, what the process used and how late its event loop was. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface ProbeReport {
  /** Since the process began. */
  readonly cpuMicroseconds: number
  /** Since the last report. */
  readonly eventLoopDelayP99: number
}

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  const report: ProbeReport = { cpuMicroseconds: user + system, eventLoopDelayP99: delay.percentile(99) / 1e6 }
  delay.reset()
  process.send?.(report)
})
process.channel?.unref() // being asked is no reason to stay
