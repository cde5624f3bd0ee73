/**
 * Compiles each schema once, for all routes and all apps of a process. Most routes share the schema of their errors, and
 * Fastify would compile it for every status of every route: half of the time from start to the first answer, and 8 MB of
 * code that does the same. A process of the tests builds dozens of apps.
 */
import AjvCompiler from '@fastify/ajv-compiler'
import SerializerSelector from '@fastify/fast-json-stringify-compiler'

/** Checks what comes in. */
export const buildValidator = once(AjvCompiler())

/** Writes what goes out. */
export const buildSerializer = once(SerializerSelector())

type Factory<Shared, Options, Route, Compiled> = (shared: Shared, options?: Options) => (route: Route) => Compiled

/** The same schema is often another object, so it is known by its text, among those that may refer to the same others. */
function once<Shared, Options, Route, Compiled>(
  build: Factory<Shared, Options, Route, Compiled>,
): Factory<Shared, Options, Route, Compiled> {
  const known = new Map<string, Map<string, Compiled>>()
  return (shared, options) => {
    const compile = build(shared, options)
    const context = JSON.stringify([shared, options])
    const compiled = known.get(context) ?? new Map<string, Compiled>()
    known.set(context, compiled)
    return route => {
      const key = JSON.stringify((route as { schema?: unknown }).schema)
      const made = compiled.get(key) ?? compile(route)
      compiled.set(key, made)
      return made
    }
  }
}
