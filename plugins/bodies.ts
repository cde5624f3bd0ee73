/** Which bodies are accepted: JSON and forms, in UTF-8, and at each route only those its schema names. */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction, preParsingHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { invalidBody, readForm, readText } from '../src/wire/request-body.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route does without a body too. */
    bodyIsOptional?: boolean
  }
}

export default fp(
  async app => {
    const parseJson = app.getDefaultJsonParser('error', 'error')
    app.removeAllContentTypeParsers()
    // Many clients announce a type even when they send nothing, so an empty body is no body.
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
      if (bytes.length === 0) return done(null, undefined)
      try {
        parseJson(request, readText(bytes, request.headers), done)
      } catch (error) {
        done(error as Error)
      }
    })
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'buffer' },
      async (request: FastifyRequest, bytes: Buffer) =>
        bytes.length === 0 ? undefined : readForm(readText(bytes, request.headers)),
    )

    // Fastify validates a body only when its media type has a schema, so without this another type would slip through.
    app.addHook('onRoute', route => {
      const schema = route.schema?.body as { content?: object } | undefined
      if (!schema) return
      const accepted = new Set(schema.content ? Object.keys(schema.content) : ['application/json'])
      if (route.config?.bodyIsOptional) {
        route.preParsing = [...[route.preParsing ?? []].flat(), ignoreTypeOfNothing]
      }
      route.preValidation = [
        ...[route.preValidation ?? []].flat(),
        (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction) => {
          if (request.body === undefined) {
            done(route.config?.bodyIsOptional ? undefined : invalidBody('is required'))
          } else if (accepted.has(request.mediaType ?? '')) {
            done()
          } else {
            done(new SignetError('unsupported_media_type', 'this route does not accept this media type'))
          }
        },
      ]
    })
  },
  { name: 'bodies' },
)

/** A client that announces a type and sends nothing has sent no body: without its type, Fastify validates none. */
const ignoreTypeOfNothing: preParsingHookHandler = ({ headers }, _reply, payload, done) => {
  if (headers['content-length'] === '0') delete headers['content-type']
  done(null, payload)
}
