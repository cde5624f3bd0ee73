import t from 'tap'
import { createIdleMemory, idleMemoryOfProcess } from '../src/idle-memory.ts'

const megabyte = 1024 * 1024

t.test('memory is handed back after a minute of calm, when there is much of it, and not again and again', async t => {
  const now = { utilization: 0.01, heap: 60 * megabyte }
  let collections = 0
  const look = createIdleMemory({
    utilization: () => now.utilization,
    heapBytes: () => now.heap,
    collect() {
      collections++
      now.heap = 25 * megabyte
    },
  })
  const lookFor = (minutes: number) => {
    for (let i = 0; i < minutes * 6; i++) look()
    return collections
  }
  t.equal(lookFor(5 / 6), 0, 'not a minute yet')
  now.utilization = 0.5
  t.equal(lookFor(2), 0, 'busy')
  now.utilization = 0.01
  t.equal(lookFor(5 / 6), 0, 'the minute begins anew')
  t.equal(lookFor(1 / 6), 1)
  t.equal(lookFor(10), 1, 'there is nothing to gain')
  now.heap = 32 * megabyte
  t.equal(lookFor(10), 1, 'little has come since')
  now.heap = 34 * megabyte
  t.equal(lookFor(1 / 6), 2)
})

t.test('nothing is done in a process whose collector is not exposed', async t => {
  t.equal(globalThis.gc, undefined)
  t.equal(idleMemoryOfProcess(), undefined)
})
