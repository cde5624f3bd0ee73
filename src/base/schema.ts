/**
 * JSON schemas with the types of TypeBox, which is asked for types alone: to load its files was a sixth of the start, and
 * 12 MB. The schemas are those that it would make, but for marks of its own.
 */
import type { TObject, TSchema, Type as TypeBox } from '@sinclair/typebox'
import { Ajv } from 'ajv'

export type { Static, TObject, TSchema } from '@sinclair/typebox'

type Made =
  | 'Array'
  | 'Boolean'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Object'
  | 'Optional'
  | 'Partial'
  | 'Pick'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'

interface Options {
  readonly [keyword: string]: unknown
}

type Members = Readonly<Record<string, object>>

const optional = Symbol('optional')
const of = (type: string) => (options?: Options) => ({ ...options, type })

function object(properties: Members, options?: Options): object {
  const required = Object.keys(properties).filter(name => !(optional in (properties[name] as object)))
  return { ...options, type: 'object', ...(required.length > 0 ? { required } : {}), properties }
}

function optionally(schema: object): object {
  return { ...schema, [optional]: true }
}

/** Another object with these members, and all else that was said of the first. */
function withMembers(members: Members, schema: ObjectSchema, options?: Options): object {
  const { $id: _id, required: _required, properties: _properties, ...others } = schema
  return object(members, { ...others, ...options })
}

interface ObjectSchema extends Options {
  readonly properties: Members
}

const makers = {
  Array: (items: object, options?: Options) => ({ ...options, type: 'array', items }),
  Boolean: of('boolean'),
  Integer: of('integer'),
  Literal: (value: unknown, options?: Options) => ({ ...options, const: value, type: typeof value }),
  Null: of('null'),
  Object: object,
  Optional: optionally,
  Partial: (schema: ObjectSchema, options?: Options) => {
    const members = Object.entries(schema.properties).map(([name, member]) => [name, optionally(member)])
    return withMembers(Object.fromEntries(members), schema, options)
  },
  Pick: (schema: ObjectSchema, names: readonly string[], options?: Options) =>
    withMembers(Object.fromEntries(names.map(name => [name, schema.properties[name] as object])), schema, options),
  Record: (_name: object, value: object, options?: Options) => ({
    ...options,
    type: 'object',
    patternProperties: { '^(.*)$': value },
  }),
  String: of('string'),
  Union: (anyOf: readonly object[], options?: Options) => ({ ...options, anyOf }),
  Unknown: (options?: Options) => ({ ...options }),
  Unsafe: (schema: object) => ({ ...schema }),
}

/** As TypeBox writes them. */
export const Type = makers as unknown as Pick<typeof TypeBox, Made>

/** Lengths are counted as JavaScript does, which a warning calls old. Our own schemas are not judged as well: that takes longer. */
const ajv = new Ajv({ validateSchema: false, unicode: false, strict: false, logger: false })

export interface Check<T> {
  (value: unknown): value is T
  /** The first thing that was wrong with the last value. */
  readonly errors?: readonly { readonly instancePath: string; readonly params: Options }[] | null | undefined
}

/** Compiles a schema when something is first checked by it, as many a command checks nothing; the check changes nothing. */
export function checkOf<T>(schema: TSchema | TObject): Check<T> {
  let compiled: Check<T> | undefined
  const check = (value: unknown): value is T => {
    compiled ??= ajv.compile(schema) as unknown as Check<T>
    return compiled(value)
  }
  return Object.defineProperty(check, 'errors', { get: () => compiled?.errors })
}
