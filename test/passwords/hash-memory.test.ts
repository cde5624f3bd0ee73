/** How much memory a hash may take: what the control groups leave, and not what the machine has. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hashMemoryOf, memoryOfProcess } from '../../src/passwords/hash-memory.ts'
import { temporaryFolder } from '../helpers/process.ts'

const mebibyte = 2 ** 20

async function machine(test: Parameters<typeof temporaryFolder>[0], files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder(test)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), `${text}\n`)
  }
  return root
}

t.test('the least of what the machine and its control groups give', async t => {
  const of = async (files: Record<string, string>) => memoryOfProcess(await machine(t, files))
  const limit = String(256 * mebibyte)
  const v2 = { 'proc/self/cgroup': '0::/a.slice/b.scope' }
  const v1 = { 'proc/self/cgroup': '9:name=systemd:/\n4:memory:/docker/c\n0::/' }

  t.equal(await of({}), totalmem(), 'no control groups')
  t.equal(await of({ ...v2, 'sys/fs/cgroup/a.slice/b.scope/memory.max': 'max' }), totalmem())
  t.equal(await of({ ...v2, 'sys/fs/cgroup/a.slice/b.scope/memory.max': limit }), 256 * mebibyte)
  t.equal(
    await of({
      ...v2,
      'sys/fs/cgroup/a.slice/b.scope/memory.max': 'max',
      'sys/fs/cgroup/a.slice/memory.max': limit,
    }),
    256 * mebibyte,
    'of the group above',
  )
  t.equal(await of({ 'proc/self/cgroup': '0::/', 'sys/fs/cgroup/memory.max': limit }), 256 * mebibyte, 'a container')
  t.equal(
    await of({ ...v2, 'sys/fs/cgroup/memory.max': limit }),
    256 * mebibyte,
    'a container that sees the host’s path',
  )
  t.equal(await of({ ...v1, 'sys/fs/cgroup/memory/docker/c/memory.limit_in_bytes': limit }), 256 * mebibyte)
  t.equal(await of({ ...v1, 'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712' }), totalmem())
  t.ok(memoryOfProcess() > 0 && memoryOfProcess() <= totalmem())
})

t.test('a hash may take an eighth of it, at most 256 MiB, and never less than a new one does', async t => {
  t.equal(hashMemoryOf(64 * 1024 * mebibyte).ofOne, 256 * 1024)
  t.equal(hashMemoryOf(2048 * mebibyte).ofOne, 256 * 1024)
  t.equal(hashMemoryOf(512 * mebibyte).ofOne, 64 * 1024)
  t.equal(hashMemoryOf(64 * mebibyte).ofOne, 19_456)
})
