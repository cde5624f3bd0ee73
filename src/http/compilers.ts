/**
 * Compiles each schema once, for all routes and all apps of a process, and not before something is checked or written by
 * it. Most routes share the schema of their errors, and Fastify would compile it for every status of every route, all at
 * the start: half of the time from start to the first answer, and megabytes of code of which most is never run.
 */
import AjvCompiler from '@fastify/ajv-compiler'
import SerializerSelector from '@fastify/fast-json-stringify-compiler'

/** Checks what comes in. */
export const buildValidator = once(AjvCompiler())

/** Writes what goes out. */
export const buildSerializer = once(SerializerSelector())

type Factory<Shared, Options, Route, Compiled> = (shared: Shared, options?: Options) => (route: Route) => Compiled

/** What Fastify calls; a check leaves behind what was wrong. */
interface Compiled {
  // biome-ignore lint/suspicious/noExplicitAny: what each kind takes and gives is between Fastify and its compiler
  (data: any): any
  errors?: unknown
}

/** Those not yet compiled: a mistake in a schema no longer fails the start, so a test compiles all. */
const waiting = new Set<() => Compiled>()

/** @throws {Error} for a schema that cannot be compiled */
export function compileAll(): void {
  for (const compile of waiting) compile()
}

/** The same schema is often another object, so it is known by its text, among those that may refer to the same others. */
function once<Shared, Options, Route>(
  build: Factory<Shared, Options, Route, Compiled>,
): Factory<Shared, Options, Route, Compiled> {
  const known = new Map<string, Map<string, Compiled>>()
  return (shared, options) => {
    let compile: ((route: Route) => Compiled) | undefined
    const compileNow = (route: Route) => {
      compile ??= build(shared, options)
      return compile(route)
    }
    const context = JSON.stringify([shared, options])
    const compiled = known.get(context) ?? new Map<string, Compiled>()
    known.set(context, compiled)
    return route => {
      const key = JSON.stringify((route as { schema?: unknown }).schema)
      const made = compiled.get(key) ?? whenNeeded(() => compileNow(route))
      compiled.set(key, made)
      return made
    }
  }
}

function whenNeeded(make: () => Compiled): Compiled {
  let made: Compiled | undefined
  const compile = () => {
    made ??= make()
    waiting.delete(compile)
    return made
  }
  waiting.add(compile)
  const use: Compiled = data => {
    const compiled = made ?? compile()
    const result = compiled(data)
    use.errors = compiled.errors
    return result
  }
  return use
}
