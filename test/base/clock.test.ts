/** The clocks that every other test moves by hand: the real ones count what they say they do. */
import t from 'tap'
import { systemTime } from '../../clients/fastify-signet/src/time.ts'
import { platformTime } from '../../clients/signet-client/src/time.ts'
import { systemClock, systemStopwatch } from '../../src/base/clock.ts'

const milliseconds = () => Number(process.hrtime.bigint()) / 1e6

t.test('a date is that of the machine, in whole seconds, and in the library for browsers in milliseconds', async t => {
  for (const seconds of [systemClock, systemTime.date]) {
    const before = Math.floor(Date.now() / 1000)
    const now = seconds()
    t.ok(before <= now && now <= Date.now() / 1000, `${now}`)
    t.ok(Number.isInteger(now))
  }
  const before = Date.now()
  const now = platformTime.date()
  t.ok(before <= now && now <= Date.now(), `${now}`)
})

t.test('what goes by is measured in seconds, and in the library for browsers in milliseconds', async t => {
  for (const [unit, read] of [
    [1000, systemStopwatch],
    [1000, systemTime.elapsed],
    [1, platformTime.now],
  ] as const) {
    const outside = milliseconds()
    const from = read()
    const inside = milliseconds()
    while (milliseconds() - inside < 10);
    const least = milliseconds() - inside
    const measured = (read() - from) * unit
    const most = milliseconds() - outside
    t.ok(least - 0.1 <= measured && measured <= most + 0.1, `${measured} ms, between ${least} and ${most}`)
  }
})

t.test('a wait is as long as was asked for, in milliseconds', async t => {
  for (const wait of [platformTime.sleep, (ms: number) => new Promise<void>(done => platformTime.after(ms, done))]) {
    const from = milliseconds()
    const isOver = wait(10).then(() => true)
    t.ok(await Promise.race([isOver, new Promise(done => setTimeout(done, 5000, false).unref())]))
    t.ok(milliseconds() - from >= 9)
  }
})
