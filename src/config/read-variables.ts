/** Reads environment variables by a schema. What is wrong becomes a line that names the variable, never its value. */
import { Ajv } from 'ajv'
import { readSmallFile } from '../base/read-small-file.ts'
import type { Static, TObject, TSchema } from '../base/schema.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * An empty variable counts as not set, as compose files and shells write it. Blanks, line ends and a byte-order mark at the
 * edges of a value go, wherever it comes from; a value of nothing else is a mistake, and so is a file that holds nothing.
 */
export function readVariables(schema: TObject, env: Environment, mistakes: string[]): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, variable] of Object.entries<TSchema>(schema.properties)) {
    const direct = env[name]
    const file = variable['fromFile'] ? env[`${name}_FILE`] : undefined
    if (direct && file) {
      mistakes.push(`${name} is given twice: unset either ${name} or ${name}_FILE`)
      continue
    }
    for (const [source, value] of Object.entries({ [name]: direct, [`${name}_FILE`]: file })) {
      if (value && value.trim() === '') mistakes.push(`${source} holds nothing but blanks: unset it or give it a value`)
    }
    if (direct?.trim()) given[name] = direct.trim()
    if (!file?.trim()) continue
    const read = readSmallFile(file.trim())
    if ('mistake' in read) mistakes.push(`${name}_FILE names a file that ${read.mistake}`)
    else if (read.text.trim() === '') mistakes.push(`${name}_FILE names a file that holds nothing`)
    else given[name] = read.text.trim()
  }
  return given
}

/** Variables that are not valid are named and then left out, so that the others can be judged as well. */
export function checkVariables<T extends TObject>(
  schema: T,
  given: Record<string, string>,
  mistakes: string[],
): Static<T> {
  const check = ajv.compile(schema)
  const checked: Record<string, unknown> = { ...given }
  if (check(checked)) return checked as Static<T>

  const wrong = new Set(check.errors?.map(({ instancePath }) => instancePath.slice(1)))
  for (const name of wrong) {
    const expected = expectation((schema.properties as Record<string, TSchema>)[name])
    mistakes.push(`${name} ${expected}${hintFor(given[name])}`)
  }
  const others: Record<string, unknown> = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name)))
  check(others)
  return others as Static<T>
}

/** It keeps the check of each schema, for the next time. Our schemas are not judged as well: that is half of the work. */
const ajv = new Ajv({
  allErrors: true,
  coerceTypes: true,
  useDefaults: true,
  keywords: ['fromFile', 'shown'],
  validateSchema: false,
})

function expectation(schema: TSchema | undefined): string {
  if (schema?.type === 'integer') return `must be a whole number from ${schema['minimum']} to ${schema['maximum']}`
  if (schema?.type === 'boolean') return 'must be true or false'
  if (schema?.['anyOf']) return `must be one of ${schema['anyOf'].map((one: TSchema) => one['const']).join(', ')}`
  return 'is not valid'
}

/** Kubernetes tells every container where each Service is: METRICS_PORT=tcp://10.0.0.1:9090 for one called metrics. */
function hintFor(value = ''): string {
  if (!/^(?:tcp|udp|sctp):\/\//.test(value)) return ''
  return '; Kubernetes sets this one for a Service of that name: say enableServiceLinks: false in the pod, or set it yourself'
}
