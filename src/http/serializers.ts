/**
 * Compiles each response schema once. Most routes share the schema of their errors, and Fastify would compile it for every
 * status of every route: half of the time from start to the first answer, and 8 MB of code that does the same.
 */
import SerializerSelector from '@fastify/fast-json-stringify-compiler'

type Compile = ReturnType<ReturnType<typeof SerializerSelector>>

export function sharedSerializers(): ReturnType<typeof SerializerSelector> {
  const factory = SerializerSelector()
  return (sharedSchemas, options) => {
    const compile = factory(sharedSchemas, options)
    const compiled = new WeakMap<object, ReturnType<Compile>>()
    return route => {
      const schema = route.schema as object
      const serializer = compiled.get(schema) ?? compile(route)
      compiled.set(schema, serializer)
      return serializer
    }
  }
}
