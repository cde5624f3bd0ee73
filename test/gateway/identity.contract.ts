/** Headers and trailers with which a client says who it is, as bytes: what of them arrives behind each gateway. */
import type { Test } from 'tap'
import type { Received } from '../helpers/gateways.ts'
import { exchange, type RawResponse, request } from '../helpers/raw.ts'
import { claimsOf } from '../helpers/tokens.ts'
import { deniedHeaders } from './configurations.ts'
import { identityNames, named, type Setup } from './setup.ts'

const close = 'Connection: close'

/** What CGI, WSGI, PHP and Rack make of a name: of every character that is no letter or digit, an underscore. */
export const cgiName = (name: string) => name.toUpperCase().replace(/[^A-Z0-9]/g, '_')

const spellings: Record<string, (name: string) => string> = {
  'as documented': name => name,
  'in lower case': name => name.toLowerCase(),
  'in upper case': name => name.toUpperCase(),
  'with one underscore': name => name.replace('-', '_'),
  'with another underscore': name => name.replace(/-(?=[^-]*$)/, '_'),
  'with underscores in lower case': name => name.replaceAll('-', '_').toLowerCase(),
  ...Object.fromEntries([..."!#$%&'*+.^_`|~"].map(one => [`with ${one}`, name => name.replaceAll('-', () => one)])),
}

/** Names and values that only the client could have written; the gateways write these three themselves. */
const ownNames = new Set(['X_FORWARDED_FOR', 'X_FORWARDED_HOST', 'X_FORWARDED_PROTO'])

export async function tellsNoLies(t: Test, { gateway, name, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const { sid, exp } = claimsOf(token)
  const identity = ['user-2', 'maria', '-', 'user', sid, String(exp)]
  const send = (line: string, headers: string[], body = '') =>
    exchange(gateway.port, request(line, [`Authorization: Bearer ${token}`, close, ...headers], body))
  const denied = new Set(deniedHeaders(name).map(cgiName))

  await t.test('nobody tells the application who they are, in whatever spelling', async t => {
    for (const [spelling, spell] of Object.entries(spellings)) {
      const lies = [...deniedHeaders(name), 'X-Forwarded-For'].map(one => `${spell(one)}: lie`)
      // In portions, because all headers together have a limit.
      for (let i = 0; i < lies.length; i += 30) {
        const some = lies.slice(i, i + 30)
        const [answer] = await send('GET /orders', [...some, ...some, 'X-Own: kept'])
        if (answer?.status === 400 && spelling.startsWith('with')) continue
        const received = received200(answer, spelling)
        t.strictSame(
          identityNames.flatMap(one => named(received, one)),
          identity,
          spelling,
        )
        const told = received.headers.filter(([one, value]) => denied.has(cgiName(one)) || value.includes('lie'))
        t.equal(told.length, identityNames.length, `${spelling}: ${told.join('; ')}`)
        t.ok(received.headers.every(([one]) => /^[A-Za-z0-9-]+$/.test(one) && !ownNames.has(one)))
        t.strictSame(named(received, 'x-own'), ['kept'])
      }
    }
  })

  await t.test('a trailer is no header: it is left out, or the request is refused', async t => {
    const chunks = '5\r\nhello\r\n0\r\n'
    const lies = identityNames.map(one => `${one}: root\r\n`).join('')
    for (const announced of [[], [`Trailer: ${identityNames.join(', ')}`]]) {
      const headers = ['Transfer-Encoding: chunked', ...announced]
      const [answer] = await send('POST /orders', headers, `${chunks}${lies}\r\n`)
      const received = received200(answer, 'trailers')
      t.match(received, { body: 'hello' })
      t.strictSame(received.trailers, [])
      t.strictSame(
        identityNames.flatMap(one => named(received, one)),
        identity,
      )
    }
  })

  await t.test('a body without a length arrives, or its sender is told to give one', async t => {
    for (const [body, chunks] of [
      ['', '0\r\n\r\n'],
      ['hello', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n'],
    ]) {
      const [answer] = await send('PUT /orders', ['Transfer-Encoding: chunked'], chunks)
      t.match(received200(answer, 'chunked'), { method: 'PUT', body })
    }
    const long = 'x'.repeat(0x9000)
    const [answer] = await send('PUT /orders', ['Transfer-Encoding: chunked'], `9000\r\n${long}\r\n0\r\n\r\n`)
    if (name === 'haproxy') t.equal(answer?.status, 411)
    else t.equal(received200(answer, 'chunked').body, long)
  })
}

function received200(answer: RawResponse | undefined, what: string): Received {
  if (answer?.status !== 200) throw new Error(`${what}: answered ${answer?.status} ${answer?.body}`)
  return JSON.parse(answer.body)
}
