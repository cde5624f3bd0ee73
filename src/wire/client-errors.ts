/** Connections on which something else than a request came, or nothing: there is a socket, and no request, reply or hook. */
import type { Socket } from 'node:net'
import { readAddress } from '../base/address.ts'
import { stopDraining } from './drain.ts'
import { rawProblem } from './problem.ts'

export interface ClientErrorContext {
  readonly log: { debug(about: object, message: string): void }
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds for which a connection without any request is kept from then on. */
  readonly patience: number
}

/** @param code of Node's `clientError`. Its text is not for the log: it may quote what came, and that may be a token */
export function answerClientError(code: string, socket: Socket, { log, headers, patience }: ClientErrorContext): void {
  if (!socket.writable) return // answered already, and what came since is no request either
  if (stopDraining(socket)) return // the request was refused before its body turned out to be none
  // Browsers and pools open connections in advance: an answer to nothing would be taken for that to their first request. So
  // this closes it without a word, unless a request comes after all.
  if (code === timeout && socket.bytesRead === 0) return void socket.setTimeout(patience)

  log.debug({ reason: code, ip: readAddress(socket.remoteAddress ?? '') }, 'not a request')
  socket.end(rawProblem(statuses[code] ?? 400, headers))
  // A reset would take the answer away from whoever is still sending. Who is slow has had all the time there is.
  setTimeout(() => socket.destroy(), code === timeout ? 0 : lingeringMilliseconds).unref()
}

const timeout = 'ERR_HTTP_REQUEST_TIMEOUT'
const lingeringMilliseconds = 2_000

const statuses: Partial<Record<string, 408 | 413 | 431>> = {
  [timeout]: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
}
