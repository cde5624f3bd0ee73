/** Which bodies are accepted: JSON and forms, in UTF-8, and at each route only those its schema names. */
import type { Readable } from 'node:stream'
import type { FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { invalidBody, isNothing, readForm, readText, unsupported } from '../src/wire/request-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route does without a body too: an empty one, `{}` and `null` are alike. */
    bodyIsOptional?: boolean
  }
}

/** @throws {SignetError} what was expected of the body, or of its media type */
type Parse = (request: FastifyRequest, text: string) => unknown

/** Whatever comes with these is skipped. */
const bodyless = new Set(['GET', 'HEAD', 'OPTIONS'])

const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

export default fp(
  async app => {
    const parseJson = app.getDefaultJsonParser('error', 'error')
    app.removeAllContentTypeParsers()
    const add = (type: string, parse: Parse) => app.addContentTypeParser(type, { parseAs: 'buffer' }, reading(parse))
    add(json, (request, text) => {
      let body: unknown
      parseJson(request, text, (error, parsed) => {
        if (error) throw invalidBody('must be JSON')
        body = parsed
      })
      return body
    })
    add(form, ({ routeOptions }, text) => {
      if (!/^\s*[{[]/.test(text)) return readForm(text)
      const takesJson = typesOf(routeOptions).includes(json) // and curl makes a form of `-d '{…}'`
      throw invalidBody(takesJson ? `is JSON, so it needs Content-Type: ${json}` : 'must be a form, not JSON')
    })
    // Bodies of other types are read only where nothing has to come: they may say nothing.
    add('*', ({ routeOptions }) => {
      throw unsupported(expected(typesOf(routeOptions)))
    })

    app.addHook('onRoute', route => {
      if ([route.method].flat().every(method => bodyless.has(method))) return
      const types = typesOf(route)
      const isRequired = types.length > 0 && !route.config?.bodyIsOptional
      route.preParsing = [...[route.preParsing ?? []].flat(), before]
      if (isRequired) route.preValidation = [...[route.preValidation ?? []].flat(), requireBody]

      /** Many clients announce a type when they send nothing, and Fastify refuses what is no type before it looks. */
      function before(request: FastifyRequest, _reply: unknown, payload: Readable, done: HookDone): void {
        const { headers } = request
        const isAnnounced = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
        const isOfType = types.includes(request.mediaType ?? '')
        if (!isOfType && isAnnounced && isRequired) done(unsupported(expected(types)))
        else {
          if (!isOfType) delete headers['content-type']
          done(null, payload)
        }
      }

      function requireBody({ body }: FastifyRequest, _reply: unknown, done: HookHandlerDoneFunction): void {
        done(body === undefined ? invalidBody(`is required, ${expected(types)}`) : undefined)
      }
    })
  },
  { name: 'bodies' },
)

/** At once, not as a promise: each of the few of a refresh would cost as much as reading its body. */
function reading(parse: Parse) {
  return (request: FastifyRequest, bytes: Buffer, done: BodyDone): void => done(null, read(request, bytes, parse))
}

function read(request: FastifyRequest, bytes: Buffer, parse: Parse): unknown {
  const { schema, config } = request.routeOptions
  if (!schema?.body) return undefined // the route wants none, so nobody looks at it
  const text = readText(bytes, request.headers)
  if (config.bodyIsOptional && isNothing(text)) return {}
  return text === '' ? undefined : parse(request, text)
}

type BodyDone = (error: Error | null, body?: unknown) => void
type HookDone = (error?: Error | null, payload?: Readable) => void

/** The media types that the schema of a route names. */
function typesOf({ schema }: Pick<RouteOptions, 'schema'>): readonly string[] {
  const body = schema?.body as { content?: object } | undefined
  if (!body) return []
  return body.content ? Object.keys(body.content) : [json]
}

function expected(types: readonly string[]): string {
  return `must be sent with Content-Type: ${types.join(' or ')}`
}
