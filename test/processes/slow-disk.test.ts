/** Where the disk is waited for, as the system sees it: a process of its own, because threads are told apart there. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { needs } from '../helpers/needs.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'

const strace = '/usr/bin/strace'
const script = join(import.meta.dirname, '..', 'helpers', 'many-writes.ts')

t.test('the thread of the event loop syncs no file, however often the WAL begins again', async t => {
  if (!needs(t, 'strace', strace)) return
  const folder = await temporaryFolder(t)
  const trace = join(folder, 'trace')
  const watch = ['-f', '--seccomp-bpf', '-qq', '-e', 'trace=fdatasync,fsync,kill', '-e', 'signal=none', '-o', trace]
  const command = [process.execPath, script, join(folder, 'signet.db'), '7200']
  const { status, stderr } = spawnSync(strace, [...watch, ...command], { encoding: 'utf8', env: environment({}) })
  t.equal(status, 0, stderr)

  const calls = [...readFileSync(trace, 'utf8').matchAll(/^(\d+) +(\w+)\(/gm)].map(([, thread = '', call]) => ({
    thread,
    call,
  }))
  const marks = calls.flatMap(({ call }, i) => (call === 'kill' ? [i] : []))
  const eventLoop = calls[marks[0] ?? 0]?.thread
  const syncs = calls.slice(marks[0], marks[1]).filter(({ call }) => call !== 'kill')
  t.equal(syncs.filter(({ thread }) => thread === eventLoop).length, 0)
  // Of a checkpoint: the WAL, the file, the new header, the first write. Those of commits are made by other threads.
  const byThread = Object.values(Object.groupBy(syncs, ({ thread }) => thread)).map(all => all?.length ?? 0)
  t.ok(syncs.length > 60, `${syncs.length} syncs, by thread: ${byThread.join(', ')}`)
})
