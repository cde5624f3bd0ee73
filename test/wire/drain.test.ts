/** How long the rest of a body that nobody reads holds an answer back: by its bytes, and by a clock that is moved by hand. */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { drain, stopDraining } from '../../src/wire/drain.ts'

/** A request whose body comes as the test says, and how often its answer was let go. */
function draining() {
  const request = new IncomingMessage(new Socket())
  const answers = { given: 0 }
  drain(request, () => void answers.given++)
  const receive = async (bytes: number | null) => {
    request.push(bytes === null ? null : Buffer.alloc(bytes))
    await turn()
  }
  return { request, answers, receive }
}

t.before(() => mock.timers.enable({ apis: ['setTimeout'] }))
t.teardown(() => mock.timers.reset())

t.test('of a body without an end 64 KiB are read', async t => {
  const { answers, receive } = draining()
  await receive(64 * 1024 - 1)
  t.equal(answers.given, 0)
  await receive(1)
  t.equal(answers.given, 1)
  await receive(1)
  await receive(null)
  mock.timers.tick(60_000)
  t.equal(answers.given, 1, 'and it is answered once')
})

t.test('a body that stops coming is waited for for two seconds', async t => {
  const { answers, receive } = draining()
  await receive(100)
  mock.timers.tick(1_999)
  t.equal(answers.given, 0)
  mock.timers.tick(1)
  t.equal(answers.given, 1)
})

t.test('a body that ends, and a client that goes, are not waited for', async t => {
  const ended = draining()
  await ended.receive(null)
  t.equal(ended.answers.given, 1)

  const gone = draining()
  gone.request.destroy()
  await turn()
  t.equal(gone.answers.given, 1)
})

t.test('what turns out to be no body is answered at once, and once', async t => {
  const { request, answers } = draining()
  t.equal(stopDraining(request.socket), true)
  t.equal(answers.given, 1)
  t.equal(stopDraining(request.socket), false, 'there is nothing left to answer')
  mock.timers.tick(60_000)
  t.equal(answers.given, 1)
})
