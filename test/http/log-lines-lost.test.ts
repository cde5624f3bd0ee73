/** A log that cannot be written costs its lines and nothing else, and what is missing is told when it can be. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createLogLines } from '../../src/http/log-lines.ts'
import { root } from '../helpers/places.ts'
import { environment, freePort, startServer, temporaryFolder, waitUntil } from '../helpers/process.ts'

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants

/** A pipe whose reader may come and go, and that never makes the writer wait. */
async function pipe(t: Test) {
  const path = join(await temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const open = () => openSync(path, O_RDONLY | O_NONBLOCK)
  let reader = open()
  const bytes = Buffer.alloc(2 ** 17)
  const writer = openSync(path, O_WRONLY | O_NONBLOCK)
  t.teardown(() => closeSync(writer))
  return {
    writer,
    leave: () => closeSync(reader),
    comeBack: () => (reader = open()),
    read() {
      let length = 0
      try {
        for (let got = 1; got > 0; length += got) got = readSync(reader, bytes, length, bytes.length - length, null)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      }
      return bytes.toString('utf8', 0, length)
    },
  }
}

t.test('a full disk takes no line and ends nothing', t => {
  const log = createLogLines(openSync('/dev/full', 'w'))
  for (let turn = 0; turn < 3; turn++) {
    log.write('one\n')
    log.write('two\n')
    log.flushSync()
  }
  t.equal(log.dropped(), 6)
  t.end()
})

t.test('when a reader is back, the first line says how many are missing and why', async t => {
  const { writer, leave, comeBack, read } = await pipe(t)
  const log = createLogLines(writer)
  log.write('heard\n')
  log.flushSync()
  t.equal(read(), 'heard\n')
  leave()
  for (const line of ['lost\n', 'lost too\n']) {
    log.write(line)
    log.flushSync()
  }
  t.equal(log.dropped(), 2)

  comeBack()
  log.write('{"msg":"heard again"}\n')
  log.flushSync()
  const [told, again, ...more] = read()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  t.match(told, { level: 40, pid: process.pid, hostname: String, dropped: 2, reason: 'EPIPE' })
  t.ok(Math.abs(told.time - Date.now()) < 60_000)
  t.match(again, { msg: 'heard again' })
  t.same(more, [])
  log.write('{"msg":"and so on"}\n')
  log.flushSync()
  t.equal(read(), '{"msg":"and so on"}\n', 'once')
  t.equal(log.dropped(), 2, 'what told of them is not one of them')
})

t.test('a slow reader gets every line in its order, up to a megabyte of them; then they are counted', async t => {
  const { writer, read } = await pipe(t)
  const log = createLogLines(writer)
  const line = (i: number) => `${String(i).padStart(9, '0')} ${'x'.repeat(989)}\n`
  for (let i = 0; i < 1500; i++) {
    log.write(line(i))
    log.flushSync()
  }
  t.ok(log.dropped() > 300 && log.dropped() < 600, `${log.dropped()} are dropped`)
  let text = ''
  await waitUntil(async () => {
    text += read()
    return text.includes('dropped') // it comes by itself, without another line
  })
  const lines = text.trimEnd().split('\n')
  const told = JSON.parse(lines.pop() ?? '')
  t.match(told, { dropped: log.dropped(), reason: 'EAGAIN' })
  t.equal(`${lines.join('\n')}\n`, Array.from({ length: 1500 - told.dropped }, (_, i) => line(i)).join(''))
})

t.test('a line that a full pipe took in part is gone on with where it stopped', async t => {
  const { writer, read } = await pipe(t)
  const log = createLogLines(writer)
  const long = `${Array.from({ length: 40_000 }, (_, i) => i).join(' ')}\n` // several times what a pipe holds
  log.write(long)
  log.flushSync()
  log.write('and another\n')
  log.flushSync()
  let text = ''
  await waitUntil(async () => {
    text += read()
    return text.endsWith('another\n')
  })
  t.equal(text, `${long}and another\n`)
  t.equal(log.dropped(), 0)
})

t.test('what is told of missing lines does not stand behind the half of one', async t => {
  const file = join(await temporaryFolder(t), 'log')
  const script = `
    import { openSync, truncateSync } from 'node:fs'
    import { createLogLines } from './src/http/log-lines.ts'
    const log = createLogLines(openSync(process.argv[1], 'a'))
    for (const letter of 'ab') {
      log.write(letter.repeat(699) + '\\n')
      log.flushSync()
    }
    truncateSync(process.argv[1], 800) // there is room again
    log.write('c\\n')
    log.flushSync()`
  // No file of more than 1 KiB: what does not fit is refused, as on a full disk.
  const { status } = spawnSync(
    'bash',
    ['-c', 'ulimit -f 1 && exec "$@"', 'bash', process.execPath, '--input-type=module', '-e', script, file],
    {
      cwd: root,
      timeout: 30_000,
      env: environment(), // without a cache of compiled code, which is larger than that
    },
  )
  t.equal(status, 0)
  const [whole, half, told = '', last] = readFileSync(file, 'utf8').split('\n')
  t.strictSame([whole, half, last], ['a'.repeat(699), 'b'.repeat(100), 'c'])
  t.match(JSON.parse(told), { dropped: 1, reason: 'EFBIG' })
})

t.test('a process that ends gives a slow reader a second', async t => {
  const path = join(await temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, O_RDONLY | O_NONBLOCK)
  t.teardown(() => closeSync(reader))
  const script = `
    import { constants, openSync } from 'node:fs'
    import { createLogLines } from './src/http/log-lines.ts'
    const log = createLogLines(openSync(process.argv[1], constants.O_WRONLY | constants.O_NONBLOCK))
    for (let i = 0; i < 20000; i++) log.write('line ' + i + '\\n')
    process.exit(0)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], { cwd: root })
  const ended = once(child, 'exit')
  let text = ''
  const bytes = Buffer.alloc(2 ** 16) // all that a pipe holds; it has thrice as much to say
  await waitUntil(async () => {
    try {
      const length = readSync(reader, bytes, 0, bytes.length, null)
      text += bytes.toString('utf8', 0, length)
    } catch {} // nothing yet
    return text.endsWith('line 19999\n')
  })
  t.equal(text, Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(''))
  t.strictSame(await ended, [0, null])
})

t.test('the service goes on while its log has no reader, and counts', async t => {
  const port = await freePort()
  const server = await startServer(t, { METRICS_PORT: String(port) })
  server.process.stdout?.destroy()
  const ask = () => fetch(`${server.url}/.well-known/jwks.json`)
  await ask()
  await waitUntil(async () => {
    t.equal((await ask()).status, 200)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return /^signet_log_lines_dropped_total [1-9]/m.test(text)
  })
  t.equal(server.process.exitCode, null)
  t.equal(await server.stop(), 0, 'and stops as ever')
})
