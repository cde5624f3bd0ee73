/** The line before SQLite: how a group is answered. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createLine } from '../../src/engines/sqlite/group-commit.ts'

t.test('a group is answered a few in a turn, in order, so that others get theirs', async t => {
  const groups: number[] = []
  const line = createLine(
    acts => {
      groups.push(acts.length)
      return acts.map(act => ({ value: act() }))
    },
    () => undefined,
  )
  const answered: number[] = []
  const all = Promise.all(
    Array.from({ length: 50 }, (_, i) => line.enter(() => i).then(answer => answered.push(answer))),
  )
  const inATurn: number[] = []
  while (answered.length < 50) {
    const before = answered.length
    await turn()
    inATurn.push(answered.length - before)
  }
  await all

  t.strictSame(groups, [50], 'they are one group')
  t.ok(Math.max(...inATurn) <= 8, `answered in each turn: ${inATurn.join(', ')}`)
  t.strictSame(
    answered,
    answered.map((_, i) => i),
  )
})

t.test(
  'who stands in line together is attempted in parts, a turn of the event loop each, and waits for one sync',
  async t => {
    const happened: string[] = []
    const line = createLine(
      acts => {
        happened.push(`attempt of ${acts.length}`)
        setImmediate(() => happened.push('turn'))
        return acts.slice(0, 2).map(act => ({ value: act() }))
      },
      async () => void happened.push('sync'),
    )
    const numbers = await Promise.all(Array.from({ length: 5 }, (_, i) => line.enter(() => i)))
    t.strictSame(numbers, [0, 1, 2, 3, 4])
    t.strictSame(happened.slice(0, 6), ['attempt of 5', 'turn', 'attempt of 3', 'turn', 'attempt of 1', 'sync'])
  },
)
