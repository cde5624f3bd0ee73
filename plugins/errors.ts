/** The one door to the wire: whatever was thrown becomes a line of the table in src/base/errors.ts, and nothing else. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type ErrorCode, SignetError } from '../src/base/errors.ts'
import { drain } from '../src/wire/drain.ts'
import { challengeOf, oauthErrorOf, problemOf } from '../src/wire/problem.ts'

export default fp(
  async app => {
    app.setErrorHandler<FastifyError>((error, request, reply) => answer(translate(error), request, reply))
    // A scope of its own, whose hooks see unknown URLs only: they are counted and answered before their body is read.
    await app.register(async unknown => {
      const notFound = (request: FastifyRequest, reply: FastifyReply) =>
        answer(new SignetError('not_found', 'no such route'), request, reply)
      unknown.addHook('onRequest', app.limitUnknownUrls)
      unknown.addHook('onRequest', (request, reply) => void notFound(request, reply))
      unknown.setNotFoundHandler(notFound)
    })
  },
  { name: 'errors', dependencies: ['headers', 'rate-limit'] },
)

function answer(error: SignetError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // An outage is told once, with its stack, by the poll that meets it first; here it is a line per request.
  const { id: reqId, log } = request
  if (error.code === 'internal') log.error({ reqId, err: error.cause ?? error }, error.message)
  else
    log[error.status === 503 ? 'warn' : 'info']({ reqId, code: error.code, reason: error.message }, 'request refused')

  // Whoever gets this cannot know whether the act has happened, so nothing at the client's may change by it.
  if (error.status >= 500) for (const name of ['set-cookie', 'signet-refresh']) reply.removeHeader(name)
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  // RFC 6749 section 5.2: a client that fails to prove itself gets 401, everything else of a form is 400.
  const oauthError = isOAuthForm(request) ? oauthErrorOf(error) : undefined
  const status = oauthError && error.code !== 'invalid_client' ? 400 : error.status
  if (status === 401) reply.header('www-authenticate', challengeOf(error))
  reply.code(status).type(oauthError ? 'application/json' : 'application/problem+json')
  const body = oauthError ?? problemOf(error)
  if (!hasUnreadBody(request)) return reply.send(body)

  reply.header('connection', 'close') // or bytes of the body would be read as the next request
  drain(request.raw, () => void reply.send(body))
  return reply
}

function translate(error: FastifyError | SignetError | null | undefined): SignetError {
  if (error instanceof SignetError) return error
  if (error?.validation) {
    const mistakes = error.validation.slice(0, 20).map(({ instancePath, params, message }) => ({
      pointer: pointerTo(instancePath, params),
      detail: message ?? 'is not valid',
    }))
    return new SignetError('invalid_request', `the ${error.validationContext} is not valid`, { mistakes })
  }
  const status = error?.statusCode ?? 500
  const isOfTheRequest = status >= 400 && status < 500
  if (!isOfTheRequest) return new SignetError('internal', 'an error that nobody expected', { cause: error })
  const code = codes[status] ?? 'invalid_request'
  const detail =
    error?.code === 'FST_ERR_BAD_URL' ? 'must have a path of percent-encoded UTF-8' : 'must be a whole request'
  const mistakes = code === 'invalid_request' && { mistakes: [{ pointer: '', detail }] }
  return new SignetError(code, error?.code ?? `status ${status}`, mistakes || {})
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

/** Whether a form was sent to a route that takes forms; elsewhere many clients announce one and send nothing. */
function isOAuthForm({ mediaType, routeOptions }: FastifyRequest): boolean {
  const body = routeOptions.schema?.body as { content?: object } | undefined
  return mediaType === form && form in (body?.content ?? {})
}

const form = 'application/x-www-form-urlencoded'

function hasUnreadBody({ raw }: FastifyRequest): boolean {
  const announced = raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0
  return announced && !raw.readableEnded
}
