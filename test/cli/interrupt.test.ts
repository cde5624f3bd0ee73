import t from 'tap'
import { onInterrupt } from '../../src/cli/interrupt.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const listeners = () => signals.map(signal => process.listenerCount(signal))

t.test('the first signal is ours, the second is the system’s, and so are all after the command', async t => {
  const before = listeners()
  for (const signal of signals) {
    let stops = 0
    const release = onInterrupt(() => stops++)
    t.strictSame(
      listeners(),
      before.map(count => count + 1),
    )
    process.emit(signal, signal)
    t.equal(stops, 1)
    t.equal(process.listenerCount(signal), before[signals.indexOf(signal)], 'the next one ends the process')
    release()
    t.strictSame(listeners(), before)
  }
})
