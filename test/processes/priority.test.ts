/** Hashing yields to the event loop: their threads have different priorities, and it is not the event loop's that sinks. */
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import t from 'tap'
import { postJson, startServer } from '../helpers/process.ts'

t.test(
  'only the threads that hash have a low priority',
  { skip: process.platform !== 'linux' && 'a nice value belongs to a thread on Linux only' },
  async t => {
    const server = await startServer(t, { HASH_THREADS: '2' })
    const login = () => postJson(`${server.url}/login`, { username: 'thirdy', password: 'demo123' })
    for (const { status } of await Promise.all([login(), login()])) t.equal(status, 200)

    const pid = server.process.pid as number
    const ours = getPriority()
    t.equal(niceOf(pid, pid), ours, 'the event loop')
    const others = readdirSync(`/proc/${pid}/task`).map(thread => niceOf(pid, Number(thread)))
    t.equal(others.filter(nice => nice === Math.max(10, ours)).length, 2, 'the two that hash')
    t.equal(others.filter(nice => nice === ours).length, others.length - 2, 'all others')
  },
)

/** The 19th field of proc(5)'s `stat`; the second is a name in parentheses, which may hold anything. */
function niceOf(pid: number, thread: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
}
