/** A mutant that is no longer found is a promise that nobody tries any more: `npm run test:mutants` would find out late. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder, waitUntil } from './helpers/process.ts'
import { noticeIn } from './mutants/notice.ts'
import { mistakesOf, readRooms } from './mutants/rooms.ts'

const texts = new Map<string, string | undefined>()

function read(file: string): string | undefined {
  if (!texts.has(file)) {
    try {
      texts.set(file, readFileSync(join(import.meta.dirname, '..', file), 'utf8'))
    } catch {
      texts.set(file, undefined)
    }
  }
  return texts.get(file)
}

t.test('every mutant stands where it says, once, and its tests are there', async t => {
  const rooms = await readRooms()
  t.ok(rooms.length > 20)
  for (const [room, mutants] of rooms) {
    t.strictSame(
      mutants.flatMap(mutant => mistakesOf(room, mutant, read)),
      [],
      room,
    )
  }
})

t.test(
  'what a test has started ends with it, whether it passes or is killed (it starts two that stay behind)',
  async t => {
    const folder = await temporaryFolder(t)
    const path = (name: string) => join(folder, name)
    // Whoever stays behind is seen by its connection: that ends with it.
    const [address, connections] = [path('socket'), new Set<object>()]
    let seen = 0
    const server = createServer(socket => {
      seen++
      connections.add(socket)
      socket.once('close', () => connections.delete(socket)).resume()
      t.teardown(() => socket.destroy())
    }).listen(address)
    t.teardown(() => server.close())
    const stays = `require('net').connect(${JSON.stringify(address)}, () => console.log('here'))`
    const test = `
    const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stays)}])
    child.stdout.once('data', () => {
      if (require('fs').readFileSync('promise', 'utf8') === 'kept') process.exit(0)
      process.kill(process.pid, 'SIGKILL')
    })`
    writeFileSync(path('promise'), 'kept')
    writeFileSync(path('test.cjs'), test)
    const tree = {
      folder,
      read: (name: string) => readFileSync(path(name), 'utf8'),
      write: (name: string, text: string) => writeFileSync(path(name), text),
    }
    const mutant = { name: 'broken', file: 'promise', find: 'kept', replace: 'broken', tests: ['test.cjs'] }

    t.equal(await noticeIn(tree, mutant), 'test.cjs')

    t.equal(seen, 2)
    await waitUntil(async () => connections.size === 0)
  },
)
