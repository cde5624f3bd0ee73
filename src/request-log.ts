/**
 * One line when a request is done, with its route and never the query or a parameter, which may hold a secret. It is by
 * far the most frequent line, so it is put together here; the logger would take several times as long for the same.
 */
import { hostname } from 'node:os'
import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { LogLines } from './log-lines.ts'

export class RequestLog extends LogController {
  /** Of all routes, as it stands in a line. A request that asks for just that has no query and no parameter. */
  readonly #paths = new Map<string, string>()
  readonly #lines: Pick<LogLines, 'write'>
  readonly #isOn: boolean

  constructor(lines: Pick<LogLines, 'write'>, level: string) {
    super()
    this.#lines = lines
    this.#isOn = ['info', 'debug', 'trace'].includes(level)
  }

  addPath(path: string): void {
    this.#paths.set(path, text(path))
  }

  override incomingRequest(): void {}
  override routeNotFound(): void {}

  override requestCompleted(error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    if (!this.#isOn) return
    const { id, method, url, clientIp } = request
    const path = this.#paths.get(url) ?? text(request.routeOptions.url ?? url.split('?', 1)[0])
    const ms = Math.round(reply.elapsedTime * 10) / 10
    const outcome = error ? `"reason":${text(error.message)},"msg":"request aborted"` : '"msg":"request"'
    this.#lines.write(
      `{"level":30,"time":${Date.now()},${origin},"reqId":"${id}","method":"${method}","path":${path},` +
        `"status":${reply.statusCode},"ip":${text(clientIp)},"ms":${ms},${outcome}}\n`,
    )
  }
}

/** As the logger writes it into its own lines. */
const origin = `"pid":${process.pid},"hostname":${text(hostname())}`

function text(value: string | undefined): string {
  return JSON.stringify(value ?? null)
}
