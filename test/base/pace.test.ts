/** How many rows a transaction has: learnt from how long the one before took, by a stopwatch that the tests move. */
import t from 'tap'
import { createPace } from '../../src/base/pace.ts'

const options = { first: 100, least: 20, most: 500, targetMilliseconds: 6 }

/** A pace, and a transaction of so many rows that takes so long. */
function paceOf(more: Partial<typeof options> = {}) {
  let seconds = 1000
  const pace = createPace({ ...options, ...more }, () => seconds)
  const take = async (rows: number, milliseconds: number) => {
    await pace.keep(rows, async () => {
      seconds += milliseconds / 1000
    })
    return pace.size()
  }
  return { pace, take }
}

t.test('a slow transaction makes the next one smaller, by half at most', async t => {
  const { take } = paceOf()
  t.equal(await take(100, 8), 75)
  t.equal(await take(75, 1000), 38)
})

t.test('a quick one makes the next one larger, by half at most', async t => {
  const { take } = paceOf()
  t.equal(await take(100, 5), 120)
  t.equal(await take(120, 0.1), 180)
})

t.test('neither ever leaves the bounds', async t => {
  const { take } = paceOf()
  for (let i = 0; i < 10; i++) await take(500, 0.1)
  t.equal(await take(500, 0.1), 500)
  for (let i = 0; i < 10; i++) await take(500, 1000)
  t.equal(await take(500, 1000), 20)
})

t.test('one that had fewer rows than it might have says nothing of more, but that even these took long', async t => {
  const { take } = paceOf()
  t.equal(await take(3, 0.1), 100)
  t.equal(await take(3, 12), 50)
})

t.test('what the transaction gives is given, and one that fails teaches nothing', async t => {
  const { pace } = paceOf()
  t.equal(await pace.keep(100, async () => 'done'), 'done')
  const size = pace.size()
  await t.rejects(
    pace.keep(100, () => Promise.reject(new Error('locked'))),
    { message: 'locked' },
  )
  t.equal(pace.size(), size)
})
