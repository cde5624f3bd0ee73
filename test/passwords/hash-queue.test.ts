/** The queue before the hashing threads: its places are shared, and nobody is served who has gone. */
import t from 'tap'
import { hashMemoryOf } from '../../src/passwords/hash-memory.ts'
import { type Asker, createHashQueue, type HashClient } from '../../src/passwords/hash-queue.ts'

const mebibyte = 1024

/** A queue whose work is done when the test says so. */
function queueOf(places: number, threads = 1, processBytes = 2 ** 30) {
  const queue = createHashQueue({ threads, places: () => places, memory: hashMemoryOf(processBytes) })
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const ask = (name: string, asker: Asker, memoryKib = 0) =>
    queue
      .run(asker, memoryKib, () => {
        begun.push(name)
        return new Promise<void>(resolve => ends.set(name, resolve))
      })
      .then(
        () => 'done',
        error => `${error.status} ${error.message}`,
      )
  async function end(name: string) {
    await soon()
    ends.get(name)?.()
    await soon()
  }
  return { queue, begun, ask, end }
}

const soon = () => new Promise(resolve => setImmediate(resolve))

function client(network: string, more: Partial<HashClient> = {}): HashClient {
  return { network, site: undefined, isExempt: false, isGone: false, ...more }
}

t.test('an address has a quarter of the places, and another one still finds its own', async t => {
  const { queue, ask } = queueOf(8)
  const flood = Array.from({ length: 20 }, (_, i) => ask(`a${i}`, client('192.0.2.1')))
  t.match(await flood[19], /^503 its address has its share/)
  t.equal(queue.waiting(), 2)
  ask('b', client('192.0.2.2'))
  t.equal(queue.waiting(), 3)
})

t.test('a /48 has half of the places, however many of its networks ask', async t => {
  const { queue, ask } = queueOf(8)
  const answers = Array.from({ length: 400 }, (_, i) =>
    ask(`a${i}`, client(`2001:db8:1:${i.toString(16)}::`, { site: '2001:db8:1::/48' })),
  )
  t.match(await answers[399], /^503 its \/48 has its share/)
  t.equal(queue.waiting(), 4)
  ask('b', client('2001:db8:2::', { site: '2001:db8:2::/48' }))
  ask('c', client('192.0.2.2'))
  t.equal(queue.waiting(), 6)
})

t.test('a small queue leaves an address one place, and a queue of none leaves nobody any', async t => {
  const two = queueOf(2)
  two.ask('working', client('192.0.2.1'))
  two.ask('waiting', client('192.0.2.1'))
  t.match(await two.ask('refused', client('192.0.2.1')), /^503/)
  const none = queueOf(0)
  none.ask('working', client('192.0.2.1'))
  t.match(await none.ask('refused', client('192.0.2.2')), '503 the hash queue is full')
})

t.test('an exempt address has every place there is, and no more', async t => {
  const { queue, ask } = queueOf(8)
  const answers = Array.from({ length: 10 }, (_, i) => ask(`a${i}`, client('192.0.2.1', { isExempt: true })))
  t.equal(await answers[9], '503 the hash queue is full')
  t.equal(queue.waiting(), 8)
})

t.test('ten whose clients have hung up make room for one who has not, and are never hashed', async t => {
  const { begun, ask, end } = queueOf(8)
  let isGone = false
  const leaver = (network: string): HashClient => ({ ...client(network), get isGone() { return isGone } }) // biome-ignore format: one line
  ask('working', client('192.0.2.1'))
  const left = Array.from({ length: 8 }, (_, i) => ask(`left ${i}`, leaver(`198.51.100.${i}`)))
  isGone = true
  const honest = ask('honest', client('203.0.113.7'))
  for (const one of left) t.match(await one, /^503 the client has gone/)
  await end('working')
  await end('honest')
  t.equal(await honest, 'done')
  t.strictSame(begun, ['working', 'honest'])
})

t.test('who hangs up while nobody else asks is passed over when its turn comes', async t => {
  const { begun, ask, end } = queueOf(8)
  const gone = { ...client('192.0.2.2'), isGone: false }
  ask('working', client('192.0.2.1'))
  const left = ask('left', gone)
  const next = ask('next', client('192.0.2.3'))
  gone.isGone = true
  await end('working')
  t.match(await left, /^503/)
  await end('next')
  t.equal(await next, 'done')
  t.strictSame(begun, ['working', 'next'])
})

t.test('who is turned away is told to come back in one to three seconds, and not everybody in the same', async t => {
  const { queue } = queueOf(0)
  const work = () => new Promise<never>(() => {})
  void queue.run('anybody', 0, work)
  const turnedAway = await Promise.allSettled(Array.from({ length: 100 }, () => queue.run('anybody', 0, work)))
  const seconds = new Set(turnedAway.map(one => one.status === 'rejected' && one.reason.retryAfterSeconds))
  t.strictSame([...seconds].sort(), [1, 2, 3])
})

t.test('patient work is never refused and takes no place', async t => {
  const { queue, ask } = queueOf(8)
  for (let i = 0; i < 100; i++) ask(`p${i}`, 'patient')
  t.equal(queue.waiting(), 99)
  for (let i = 0; i < 8; i++) ask(`c${i}`, client(`192.0.2.${i}`))
  t.equal(queue.waiting(), 107)
  t.equal(await ask('late', client('192.0.2.99')), '503 the hash queue is full')
})

t.test('large hashes take turns, and the small ones behind them pass', async t => {
  const { begun, ask, end } = queueOf(8, 4)
  ask('large 1', 'anybody', 64 * mebibyte)
  ask('large 2', 'anybody', 64 * mebibyte)
  ask('small 1', 'anybody', 19 * mebibyte)
  ask('small 2', 'anybody')
  await soon()
  t.strictSame(begun, ['large 1', 'small 1', 'small 2'])
  await end('large 1')
  t.strictSame(begun, ['large 1', 'small 1', 'small 2', 'large 2'])
})

t.test('whatever the threads, all together take no more than a quarter of the memory', async t => {
  const { begun, ask, end } = queueOf(64, 16, 256 * 2 ** 20)
  for (let i = 0; i < 16; i++) ask(`${i}`, 'anybody', 19 * mebibyte)
  await soon()
  t.equal(begun.length, 3, '3 × 19 of 64 MiB')
  await end('0')
  t.equal(begun.length, 4)
})

t.test('work that fails frees its thread', async t => {
  const { queue, ask, end } = queueOf(8)
  await t.rejects(
    queue.run('anybody', 0, () => Promise.reject(new Error('broken'))),
    /broken/,
  )
  const after = ask('after', 'anybody')
  await end('after')
  t.equal(await after, 'done')
})
