/** Ended sessions in their order: by moment, then by id, as both engines sort. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createEndedLog } from '../../src/sessions/ended-log.ts'

const all = { moment: 0, sid: '' }
const idsOf = (log: ReturnType<typeof createEndedLog>, place = all, limit = 100) =>
  log
    .behind(place, limit)
    .entries.map(({ sid }) => sid)
    .join('')

t.test('whatever the order of their coming, they stand in theirs, each once', async t => {
  const log = createEndedLog()
  const given = [
    ['d', 20],
    ['b', 10],
    ['c', 10],
    ['e', 30],
    ['a', 10],
    ['c', 10],
    ['d', 20],
  ] as const
  for (const [sid, moment] of given) log.insert(sid, moment)
  t.equal(idsOf(log), 'abcde')
  t.strictSame(log.behind({ moment: 10, sid: 'b' }, 2).entries, [
    { moment: 10, sid: 'c' },
    { moment: 20, sid: 'd' },
  ])
})

t.test('there are more only when some are left', async t => {
  const log = createEndedLog()
  for (const [i, sid] of [...'abc'].entries()) log.insert(sid, i)
  t.strictSame(
    [2, 3, 4].map(limit => log.behind(all, limit).more),
    [true, false, false],
  )
  t.strictSame(log.behind({ moment: 2, sid: 'c' }, 1), { entries: [], more: false })
})

t.test('what is forgotten is gone from the front, and is not looked at again', async t => {
  const log = createEndedLog()
  const looks: string[] = []
  for (let i = 0; i < 1000; i++) log.insert(String(i).padStart(4, '0'), i)
  log.dropWhile(sid => sid < '0900')
  t.equal(log.behind(all, 1).entries[0]?.sid, '0900')
  log.insert('0050', 50)
  t.equal(log.behind(all, 1).entries[0]?.sid, '0050', 'one that is told late takes its place all the same')

  log.dropWhile(sid => {
    looks.push(sid)
    return sid < '0901'
  })
  t.strictSame(looks, ['0050', '0900', '0901'], 'nobody looks at what is gone')
})

t.test('what is forgotten is not kept in memory', async t => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const megabytes = () => {
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const before = megabytes()
  const log = createEndedLog()
  for (let i = 0; i < 2000; i++) log.insert(Buffer.alloc(20_000, `${i} `).toString('latin1'), i)
  t.ok(megabytes() - before > 35, 'of 40')
  log.dropWhile(() => true)
  t.ok(megabytes() - before < 10)
  t.strictSame(log.behind(all, 1).entries, [])
})
