/** HTTP as bytes on a socket, for requests that no client library would send. */
import { connect } from 'node:net'

export interface RawResponse {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Record<string, string>
  readonly body: string
}

/** Sends bytes and reads until the server closes the connection, so end them with `lastRequest` or with what must close. */
export function exchange(port: number, bytes: string | Buffer): Promise<RawResponse[]> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
      .on('data', chunk => received.push(chunk))
      .on('error', (error: NodeJS.ErrnoException) => {
        // A server that closes without reading the rest resets: what it had answered by then is what counts.
        if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
      })
      .on('close', () => resolve(responsesIn(Buffer.concat(received).toString('latin1'))))
  })
}

/** A request that is answered 200 and closes the connection: a second response proves that it was still open. */
export const lastRequest = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

export function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n')
}

function responsesIn(text: string): RawResponse[] {
  const responses: RawResponse[] = []
  for (let rest = text; rest !== ''; ) {
    const [head = '', ...after] = rest.split('\r\n\r\n')
    const [statusLine = '', ...lines] = head.split('\r\n')
    const headers = Object.fromEntries(
      lines.map(line => line.split(/: (.*)/s)).map(([k = '', v = '']) => [k.toLowerCase(), v]),
    )
    rest = after.join('\r\n\r\n')
    const length = 'transfer-encoding' in headers ? rest.length : Number(headers['content-length'] ?? 0)
    responses.push({ status: Number(statusLine.split(' ')[1]), headers, body: rest.slice(0, length) })
    rest = rest.slice(length)
  }
  return responses
}
