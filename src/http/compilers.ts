/**
 * Compiles each schema once, for all routes and all apps of a process. Most routes share the schema of their errors, and
 * Fastify would compile it for every status of every route: half of the time from start to the first answer, and 8 MB of
 * code that does the same. A process of the tests builds dozens of apps.
 */
import AjvCompiler from '@fastify/ajv-compiler'
import SerializerSelector from '@fastify/fast-json-stringify-compiler'

type BuildSerializer = ReturnType<typeof SerializerSelector>
type Compile = ReturnType<BuildSerializer>

/** Checks what comes in. It shares by itself, as long as one is asked. */
export const buildValidator = AjvCompiler()

const selectSerializer = SerializerSelector()
const compilers = new Map<string, Compile>()

/** Writes what goes out; one compiler for each set of shared schemas, as schemas may refer to them. */
export const buildSerializer: BuildSerializer = (sharedSchemas, options) => {
  const key = JSON.stringify([sharedSchemas, options])
  const compiler = compilers.get(key) ?? compilingOnce(selectSerializer(sharedSchemas, options))
  compilers.set(key, compiler)
  return compiler
}

function compilingOnce(compile: Compile): Compile {
  const compiled = new WeakMap<object, ReturnType<Compile>>()
  return route => {
    const schema = route.schema as object
    const serializer = compiled.get(schema) ?? compile(route)
    compiled.set(schema, serializer)
    return serializer
  }
}
