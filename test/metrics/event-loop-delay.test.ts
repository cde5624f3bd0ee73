/** How late the event loop was, of samples that are written here: what a real one comes to is the machine's affair. */
import { createHistogram } from 'node:perf_hooks'
import { Registry } from '@prometheus-io/client'
import t from 'tap'
import { registerEventLoopDelay, samplingMilliseconds } from '../../src/metrics/event-loop-delay.ts'
import { parseExposition } from '../helpers/exposition.ts'

t.test('it is told of the time since the last scrape, without the sampling interval', async t => {
  const [intervals, registry] = [createHistogram(), new Registry()]
  registerEventLoopDelay(registry, intervals)
  const record = (milliseconds: number, times: number) => {
    for (let i = 0; i < times; i++) intervals.record((samplingMilliseconds + milliseconds) * 1e6)
  }
  /** The median and the 99th of a hundred, in whole milliseconds: the histogram has three digits. */
  const scrape = async () => {
    const samples = parseExposition(await registry.metrics()).get('signet_event_loop_delay_seconds')?.samples ?? []
    return samples.map(({ labels, value }) => [labels['quantile'], Math.round(value * 1000)])
  }

  record(2, 97)
  record(400, 3)
  t.strictSame(await scrape(), [
    ['0.5', 2],
    ['0.99', 400],
  ])

  record(3, 1)
  t.strictSame(
    await scrape(),
    [
      ['0.5', 3],
      ['0.99', 3],
    ],
    'what was before is over',
  )
  record(-9, 1)
  t.strictSame(
    await scrape(),
    [
      ['0.5', 0],
      ['0.99', 0],
    ],
    'nobody is early',
  )
})
