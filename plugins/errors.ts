/** The one door to the wire: whatever was thrown becomes a line of the table in src/errors.ts, and nothing else. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ErrorCode, SignetError } from '../src/errors.ts'
import { challengeOf, oauthErrorOf, problemOf } from '../src/problem.ts'

export default fp(
  async app => {
    app.setErrorHandler<FastifyError>((error, request, reply) => answer(translate(error), request, reply))
    app.setNotFoundHandler({ preHandler: [app.limitUnknownUrls] }, (request, reply) =>
      answer(new SignetError('not_found', 'no such route'), request, reply),
    )
  },
  { name: 'errors', dependencies: ['rate-limit'] },
)

function answer(error: SignetError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.status >= 500 && error.code !== 'overloaded')
    request.log.error({ err: error.cause ?? error }, error.message)
  else request.log.info({ code: error.code, reason: error.message }, 'request refused')

  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  if (hasUnreadBody(request)) reply.header('connection', 'close') // or its bytes would be read as the next request

  const isForm = request.mediaType === 'application/x-www-form-urlencoded'
  const oauthError = isForm ? oauthErrorOf(error) : undefined
  if (oauthError) return reply.code(400).type('application/json').send(oauthError)

  if (error.status === 401) reply.header('www-authenticate', challengeOf(error))
  return reply.code(error.status).type('application/problem+json').send(problemOf(error))
}

function translate(error: FastifyError | SignetError): SignetError {
  if (error instanceof SignetError) return error
  if (error.validation) {
    const mistakes = error.validation.slice(0, 20).map(({ instancePath, params, message }) => ({
      pointer: pointerTo(instancePath, params),
      detail: message ?? 'is not valid',
    }))
    return new SignetError('invalid_request', `the ${error.validationContext} is not valid`, { mistakes })
  }
  const status = error.statusCode ?? 500
  if (status >= 500) return new SignetError('internal', error.message, { cause: error })
  return new SignetError(codes[status] ?? 'invalid_request', error.code ?? `status ${status}`)
}

/** Ajv names a missing or unknown member beside the pointer; a client wants it in the pointer (RFC 6901). */
function pointerTo(path: string, params: Record<string, unknown>): string {
  const member = params['missingProperty'] ?? params['additionalProperty']
  return member === undefined ? path : `${path}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

const codes: Partial<Record<number, ErrorCode>> = {
  404: 'not_found',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'too_many_attempts',
}

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  const announced = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0
  return announced && !raw.complete
}
