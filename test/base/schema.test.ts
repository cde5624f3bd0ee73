/** Our schemas are those that TypeBox would make, whose types they have. */
import { Type as TypeBox } from '@sinclair/typebox'
import t from 'tap'
import { checkOf, Type } from '../../src/base/schema.ts'

/** Written with what is given; TypeBox takes it as well. */
function schemasOf(from: typeof Type) {
  const inner = from.Object(
    { b: from.Optional(from.Null()), a: from.Integer({ minimum: 1 }) },
    { description: 'inner' },
  )
  const user = from.Object(
    {
      name: from.String({ pattern: '^[a-z]+$', maxLength: 3, title: 'a name' }),
      of: from.Union([from.Literal('x'), from.Literal(1), from.Null()], { default: 'x' }),
      list: from.Optional(from.Array(from.Boolean(), { maxItems: 2 })),
      inner,
      anything: from.Record(from.String(), from.Unknown()),
      other: from.Unsafe<string>({ $ref: 'Other#' }),
    },
    { $id: 'User', additionalProperties: false, title: 'user' },
  )
  return {
    user,
    nothing: from.Object({}, { additionalProperties: false }),
    picked: from.Pick(user, ['of', 'list'], { description: 'two' }),
    partial: from.Partial(user),
    again: from.Pick(from.Partial(user), ['name', 'of']),
  }
}

t.test('every schema is, as JSON, what TypeBox makes', async t => {
  const plain = (schemas: object) => JSON.parse(JSON.stringify(schemas))
  t.strictSame(plain(schemasOf(Type)), plain(schemasOf(TypeBox)))
})

t.test('a check takes what the schema says, changes nothing, and says where it is wrong', async t => {
  const isName = checkOf(Type.Object({ name: Type.String({ maxLength: 2 }), is: Type.Optional(Type.Boolean()) }))
  t.ok(isName(Object.freeze({ name: 'ab', more: 1 })))
  t.ok(isName({ name: '\u{1f600}' }), 'two, as JavaScript counts')
  t.notOk(isName({ name: '\u{1f600}a' }), 'and three')
  for (const value of [{ name: 'abc' }, { name: 1 }, {}, [], null, undefined, 'ab', { name: 'a', is: 'true' }])
    t.notOk(isName(value), JSON.stringify(value))
  t.equal(isName.errors?.[0]?.instancePath, '/is')
})
