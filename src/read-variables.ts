/** Reads environment variables by a schema. What is wrong becomes a line that names the variable, never its value. */
import { readFileSync } from 'node:fs'
import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { type EnvSchemaOpt, envSchema } from 'env-schema'

/** An empty variable counts as not set, as compose files and shells write it. */
export function readVariables(
  schema: TObject,
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const [name, variable] of Object.entries<TSchema>(schema.properties)) {
    if (env[name]) given[name] = env[name]
    const file = variable['fromFile'] ? env[`${name}_FILE`] : undefined
    if (!file) continue
    if (env[name]) {
      mistakes.push(`${name} is given twice: unset either ${name} or ${name}_FILE`)
      continue
    }
    try {
      given[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      mistakes.push(`${name}_FILE names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  return given
}

/** Variables that are not valid are named and then left out, so that the others can be judged as well. */
export function checkVariables<T extends TObject>(
  schema: T,
  given: Record<string, string>,
  mistakes: string[],
): Static<T> {
  const check = (data: Record<string, string>) =>
    envSchema<Static<T>>({ schema, data, env: false, ajv: { customOptions: withOwnKeywords } })
  try {
    return check(given)
  } catch (error) {
    const found = (error as { errors?: { instancePath: string }[] }).errors
    if (!found) throw error
    const wrong = new Set(found.map(({ instancePath }) => instancePath.slice(1)))
    for (const name of wrong) {
      mistakes.push(`${name} ${expectation((schema.properties as Record<string, TSchema>)[name])}`)
    }
    return check(Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))))
  }
}

type AjvInstance =
  NonNullable<EnvSchemaOpt['ajv']> extends infer A
    ? A extends { customOptions(instance: infer I): unknown }
      ? I
      : never
    : never

function withOwnKeywords(ajv: AjvInstance): AjvInstance {
  return ajv.addKeyword('fromFile').addKeyword('shown')
}

function expectation(schema: TSchema | undefined): string {
  if (schema?.type === 'integer') return `must be a whole number from ${schema['minimum']} to ${schema['maximum']}`
  if (schema?.type === 'boolean') return 'must be true or false'
  if (schema?.['anyOf']) return `must be one of ${schema['anyOf'].map((one: TSchema) => one['const']).join(', ')}`
  return 'is not valid'
}
