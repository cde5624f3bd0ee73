/** How late the event loop is: sampled all the time, told and begun anew at every scrape. */
import type { Histogram } from 'node:perf_hooks'
import { Gauge, type Registry } from '@prometheus-io/client'

export const samplingMilliseconds = 10

/** @param intervals nanoseconds between two samples, which should be {@link samplingMilliseconds} apart */
export function registerEventLoopDelay(registry: Registry, intervals: Histogram): void {
  new Gauge({
    name: 'signet_event_loop_delay_seconds',
    help: 'How late the event loop was since the last scrape: quantile 0.5 (the median) and 0.99.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      for (const quantile of [0.5, 0.99]) {
        const milliseconds = intervals.percentile(quantile * 100) / 1e6 - samplingMilliseconds
        this.set({ quantile: String(quantile) }, Math.max(0, milliseconds / 1000))
      }
      intervals.reset()
    },
  })
}
