/** Bytes that two parsers could read differently, at a real process: one request, one answer, and never a second guess. */
import t, { type Test } from 'tap'
import { startServer } from '../helpers/process.ts'
import { exchange, lastRequest, type RawResponse, request } from '../helpers/raw.ts'

const server = await startServer(t, { LOGIN_LIMIT_PER_IP: '3', LOG_LEVEL: 'trace' })
const { port } = server

const jsonType = 'Content-Type: application/json'
const chunked = 'Transfer-Encoding: chunked'
const post = (headers: string[], body: string) => request('POST /refresh', [jsonType, ...headers], body)

/** What stands between these and the next request would be another request to a parser that disagrees with ours. */
const ambiguous: Record<string, string> = {
  'Content-Length and Transfer-Encoding': post(['Content-Length: 5', chunked], '0\r\n\r\n'),
  'Transfer-Encoding and Content-Length': post([chunked, 'Content-Length: 5'], '0\r\n\r\n'),
  'two Content-Lengths': post(['Content-Length: 2', 'Content-Length: 40'], '{}'),
  'the same Content-Length twice': post(['Content-Length: 2', 'Content-Length: 2'], '{}'),
  'a list of Content-Lengths': post(['Content-Length: 2, 2'], '{}'),
  'a signed Content-Length': post(['Content-Length: +2'], '{}'),
  'a negative Content-Length': post(['Content-Length: -2'], '{}'),
  'a hexadecimal Content-Length': post(['Content-Length: 0x2'], '{}'),
  'an endless Content-Length': post([`Content-Length: ${'9'.repeat(40)}`], '{}'),
  'chunked and identity': post([chunked, 'Transfer-Encoding: identity'], '2\r\n{}\r\n0\r\n\r\n'),
  'chunked, but not last': post(['Transfer-Encoding: chunked, gzip'], '2\r\n{}\r\n0\r\n\r\n'),
  'an unknown coding': post(['Transfer-Encoding: xchunked'], '2\r\n{}\r\n0\r\n\r\n'),
  'a coding behind a tab': post(['Transfer-Encoding:\tx\tchunked'], '2\r\n{}\r\n0\r\n\r\n'),
  'chunked in HTTP/1.0': post([chunked], '2\r\n{}\r\n0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
  'a chunk size that is none': post([chunked], 'zz\r\n{}\r\n0\r\n\r\n'),
  'a chunk longer than its size': post([chunked], '2\r\n{}x\r\n0\r\n\r\n'),
  'a signed chunk size': post([chunked], '-2\r\n{}\r\n0\r\n\r\n'),
  'a chunk size beyond 64 bits': post([chunked], `1${'0'.repeat(17)}\r\n{}\r\n0\r\n\r\n`),
  'a bare LF in a chunk extension': post([chunked], '2;a=\n\r\n{}\r\n0\r\n\r\n'),
  'a bare LF after a chunk size': post([chunked], '2\n{}\r\n0\r\n\r\n'),
  'a folded header': request('GET /me', ['Authorization: Bearer', ' x']),
  'a folded header with a tab': request('GET /me', ['X: a', '\tb']),
  'white space before a colon': request('GET /me', ['X : a']),
  'white space before a name': request('GET /me', [' X: a']),
  'a header without a colon': request('GET /me', ['X']),
  'an empty header name': request('GET /me', [': x']),
  'a bare LF in the headers': request('GET /me', ['X: a\nY: b']),
  'bare LFs only': 'GET /me HTTP/1.1\nHost: localhost\n\n',
  'a bare CR in a header': request('GET /me', ['X: a\rY: b']),
  'NUL in a header': request('GET /me', ['X: a\0b']),
  'an escape sequence in a header': request('GET /me', ['User-Agent: \x1b[31m']),
  'no Host': 'GET /me HTTP/1.1\r\n\r\n',
  'a method that is none': request('FOO /me'),
  'a space in the path': request('GET /me x'),
  'another version': request('GET /me').replace('1.1', '9.1'),
  'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
}

function isClosingProblem(t: Test, responses: RawResponse[], status: number, name: string): void {
  t.strictSame(
    responses.map(response => response.status),
    [status],
    name,
  )
  const [{ headers, body }] = responses as [RawResponse]
  t.equal(headers['connection'], 'close', name)
  t.match(headers, {
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  t.equal(JSON.parse(body).status, status, name)
  t.notOk('server' in headers)
}

t.test('a request that can be read in two ways is 400, the only answer, and the end of the connection', async t => {
  for (const [name, bytes] of Object.entries(ambiguous)) {
    isClosingProblem(t, await exchange(port, Buffer.from(bytes + lastRequest, 'latin1')), 400, name)
  }
})

t.test('a header block over 16 kB is 431, however it is filled', async t => {
  const blocks = [
    ['X: '.padEnd(17_000, 'a')],
    Array(2500).fill('a: b'),
    [`Authorization: Bearer ${'a'.repeat(17_000)}`],
  ]
  for (const headers of blocks)
    isClosingProblem(t, await exchange(port, request('GET /me', headers) + lastRequest), 431, 'headers')
  isClosingProblem(t, await exchange(port, request(`GET /${'a'.repeat(17_000)}`) + lastRequest), 431, 'path')
  const just = request('GET /me', [`Authorization: Bearer ${'a'.repeat(15_000)}`])
  t.strictSame(
    (await exchange(port, just + lastRequest)).map(({ status }) => status),
    [401, 200],
    '15 kB is a bad token',
  )
})

t.test('a refusal before the body was read closes the connection, so that no body is taken for a request', async t => {
  const hidden = request('GET /health/ready')
  const length = `Content-Length: ${hidden.length}`
  const refusals: [number, string][] = [
    [401, request('POST /logout/all', [jsonType, length], hidden)],
    [401, request('POST /logout/all', [jsonType, chunked], `${hidden.length.toString(16)}\r\n${hidden}\r\n`)],
    [404, request('POST /nowhere', [jsonType, length], hidden)],
    [400, request('POST /%zz', [jsonType, length], hidden)],
    [413, request('POST /refresh', [jsonType, 'Content-Length: 20000'], hidden)],
    [413, request('POST /refresh', [jsonType, chunked], `5000\r\n${' '.repeat(0x5000)}\r\n${hidden}`)],
    [415, request('POST /refresh', ['Content-Type: text/plain', length], hidden)],
    [415, request('POST /refresh', [length], hidden)],
    [429, request('POST /login', [jsonType, length], hidden)],
  ]
  const login = request('POST /login', [jsonType, 'Content-Length: 2'], '{}')
  const answers = await exchange(port, login.repeat(3) + lastRequest)
  t.strictSame(
    answers.map(({ status }) => status),
    [400, 400, 400, 200],
    'a body that was read leaves it open',
  )
  // All at once: those whose body never ends are given two seconds for it.
  const check = async ([status, bytes]: [number, string]) => {
    const name = bytes.split('\r\n', 1)[0] ?? ''
    isClosingProblem(t, await exchange(port, bytes), status, name)
    isClosingProblem(t, await exchange(port, bytes + lastRequest), status, `${name} and another request`)
  }
  await Promise.all(refusals.map(check))
})

t.test('a body that a route does not want is skipped, and is not the next request', async t => {
  const hidden = request('GET /nowhere')
  const bytes = request('GET /health/live', [`Content-Length: ${hidden.length}`], hidden)
  t.strictSame(
    (await exchange(port, bytes + lastRequest)).map(({ status }) => status),
    [200, 200],
  )
})

t.test('a path is not resolved before it is looked up, and the Host decides nothing', async t => {
  for (const path of ['/./me', '/x/../me', '/me/.', '/me/..;/me', '/%2e/me', '*']) {
    const [answer] = await exchange(port, request(`GET ${path}`) + lastRequest)
    t.equal(answer?.status, 404, path)
  }
  const [absolute] = await exchange(port, request('GET http://evil.example/me', ['Host: evil.example']) + lastRequest)
  t.equal(absolute?.status, 401, 'the absolute form (RFC 9112 section 3.2.2)')
  t.notOk(JSON.stringify(absolute).includes('evil'))
})

t.test(
  'the server is still itself, and its log is one JSON object a line without a byte of what it could not read',
  async t => {
    t.strictSame(
      (await exchange(port, lastRequest)).map(({ status }) => status),
      [200],
    )
    const secret = 'canary-behind-an-unreadable-header'
    await exchange(port, request('GET /me', [`Authorization: Bearer ${secret}`, 'X : a']) + lastRequest)
    const lines = server.output().trimEnd().split('\n')
    t.ok(lines.some(line => JSON.parse(line).msg === 'not a request'))
    for (const line of lines) t.type(JSON.parse(line), 'object')
    for (const form of [secret, [...Buffer.from(secret)].join(), Buffer.from(secret).toString('hex')]) {
      t.notOk(server.output().includes(form))
    }
  },
)

t.test(
  'a kept connection is kept longer than a gateway keeps it (nginx: 60 s), or it would be used while it closes',
  async t => {
    const [kept] = await exchange(port, request('GET /health/live', [], '') + lastRequest)
    const [, seconds] = /timeout=(\d+)/.exec(kept?.headers['keep-alive'] ?? '') ?? []
    t.ok(Number(seconds) > 60, `${seconds} s`)
  },
)
