/** Errors on the wire, where no request can bring about what the form of the answer must bear. */
import t from 'tap'
import { SignetError } from '../../src/base/errors.ts'
import { oauthErrorOf, rawProblem } from '../../src/wire/problem.ts'

t.test('an error_description has the characters of RFC 6749 section 5.2 and no others', async t => {
  const mistakes = [
    { pointer: '/name', detail: 'must match "^\\w+$"' },
    { pointer: '', detail: 'must be short,\r\nor Ünique' },
  ]
  const error = oauthErrorOf(new SignetError('invalid_request', 'not valid', { mistakes }))
  t.match(error, {
    error: 'invalid_request',
    error_description: "Request is not valid: name must match '^'w+$'; must be short,''or 'nique",
  })
})

t.test('an answer without a request has the length of its bytes', async t => {
  for (const status of [400, 408, 413, 431] as const) {
    const [head = '', body = ''] = rawProblem(status, { 'x-of-ours': '1' }).split('\r\n\r\n')
    t.match(head, `\r\ncontent-length: ${Buffer.byteLength(body)}`)
    t.match(head, '\r\nx-of-ours: 1\r\n')
    t.equal(JSON.parse(body).status, status)
  }
})
