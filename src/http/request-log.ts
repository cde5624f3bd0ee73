/**
 * One line when a request is done, with its route and nothing that was in the URL: paths, parameters and queries may hold a
 * secret, and whoever mistypes a URL puts a token there. It is by far the most frequent line, so it is put together here;
 * the logger would take several times as long for the same.
 */
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { type LogLines, lineStart } from './log-lines.ts'

const info = 30
const debug = 20

/** What stands in place of a path that is none of ours. */
const unknownPath = '"unknown"'

export class RequestLog extends LogController {
  /** Of all routes, as it stands in a line. A request that asks for just that has no query and no parameter. */
  readonly #paths = new Map<string, string>()
  readonly #lines: Pick<LogLines, 'write'>
  readonly #isOn: boolean
  readonly #isDebug: boolean

  constructor(lines: Pick<LogLines, 'write'>, level: string) {
    super()
    this.#lines = lines
    this.#isDebug = ['debug', 'trace'].includes(level)
    this.#isOn = this.#isDebug || level === 'info'
  }

  addPath(path: string): void {
    this.#paths.set(path, text(path))
  }

  override incomingRequest(): void {}
  override routeNotFound(): void {}

  override requestCompleted(error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    if (!this.#isOn) return
    const { id, method, url, clientIp } = request
    const path = this.#paths.get(url) ?? this.#paths.get(request.routeOptions.url ?? '') ?? unknownPath
    // Somebody asks after our health every few seconds, for ever, and services every second whether a session ended.
    const isRoutine = path.startsWith('"/health/') || (reply.statusCode === 304 && path.endsWith('/revocations"'))
    if (isRoutine && !this.#isDebug) return
    const ms = Math.round(reply.elapsedTime * 10) / 10
    const outcome = error ? `"reason":${text(error.message)},"msg":"request aborted"` : '"msg":"request"'
    this.#lines.write(
      `${lineStart(isRoutine ? debug : info)},"reqId":"${id}","method":"${method}","path":${path},` +
        `"status":${reply.statusCode},"ip":${text(clientIp)},"ms":${ms},${outcome}}\n`,
    )
  }
}

function text(value: string): string {
  return JSON.stringify(value)
}
