/** A schema is compiled once in a process, when it is needed, and still means what it means in its own app. */
import Fastify from 'fastify'
import t from 'tap'
import { buildSerializer, buildValidator, compileAll } from '../../src/http/compilers.ts'
import { labApp } from '../helpers/lab.ts'

/** An app in which `Shared` is this, and whose one route takes and gives it. */
async function appOf(shared: object) {
  const app = Fastify({ schemaController: { compilersFactory: { buildSerializer, buildValidator } } })
  app.addSchema({ $id: 'Shared', ...shared })
  const schema = { body: { $ref: 'Shared#' }, response: { 200: { $ref: 'Shared#' } } }
  app.post('/', { schema }, async request => request.body)
  await app.ready()
  const post = async (body: object) => {
    const { statusCode, body: answer } = await app.inject({ method: 'POST', url: '/', body })
    return statusCode === 200 ? answer : statusCode
  }
  return { post, close: () => app.close() }
}

t.test('two apps whose schemas have one text and refer to different ones are told apart', async t => {
  const one = await appOf({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })
  const other = await appOf({ type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] })
  t.teardown(() => Promise.all([one.close(), other.close()]))

  t.strictSame([await one.post({ a: 'x' }), await one.post({ b: 1 })], ['{"a":"x"}', 400])
  t.strictSame([await other.post({ b: 1 }), await other.post({ a: 'x' })], ['{"b":1}', 400])
})

t.test('equal texts are compiled once, whichever object they are of', async t => {
  const route = () => ({ schema: { type: 'object', properties: { name: { type: 'string' } } } })
  const from = (build: unknown, options: object) =>
    (build as (shared: object, options: object) => (route: object) => unknown)({}, options)
  for (const [build, options] of [
    [buildValidator, { customOptions: {}, plugins: [] }],
    [buildSerializer, {}],
  ] as const) {
    t.equal(from(build, options)(route()), from(build, options)(route()))
  }
})

t.test('every schema of every route can be compiled, which no start would tell', async t => {
  await labApp(t)
  t.doesNotThrow(compileAll)
})

t.test('a schema that cannot be compiled is told by the test above', async t => {
  const app = Fastify({ schemaController: { compilersFactory: { buildSerializer, buildValidator } } })
  t.teardown(() => app.close())
  app.post('/', { schema: { body: { type: 'object', properties: { a: { type: 'strnig' } } } } }, async () => '')
  await app.ready()
  t.throws(compileAll, /schema is invalid|type must be/)
})

t.test('what was wrong is told of the data that was checked last', async t => {
  const { post, close } = await appOf({ type: 'object', properties: { c: { type: 'string' } }, required: ['c'] })
  t.teardown(close)
  t.strictSame([await post({}), await post({ c: 'x' }), await post({})], [400, '{"c":"x"}', 400])
})
