/** Logs as Signet does, one line per request, so that a comparison at `info` compares the same work. */
import { type FastifyReply, type FastifyRequest, type FastifyServerOptions, LogController } from 'fastify'

class OneLine extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(_error: Error | null, request: FastifyRequest, reply: FastifyReply): void {
    const { method, url, ip } = request
    const ms = Math.round(reply.elapsedTime * 10) / 10
    reply.log.info({ method, path: url, status: reply.statusCode, ip, ms }, 'request')
  }
}

const level = process.env['LOG_LEVEL'] ?? 'silent'

/** No logger at all when silent: that is what a bare route is. */
export const logging: FastifyServerOptions =
  level === 'silent' ? { logger: false } : { logger: { level }, logController: new OneLine() }
