/** The line for a terminal asks what the page has asked. */
import t from 'tap'
import { curlOf } from '../../lab/model/http.ts'

const url = 'http://localhost:3000/lab/calm'
const authorization = 'Bearer x.y.z'

function lineOf(method: 'GET' | 'POST', path: string, headers: Record<string, string>, body = ''): string {
  const request = { method, url: url + path, headers: { ...headers, 'user-agent': 'tab A' }, body }
  const answer = { status: 200, headers: {}, body: '' }
  return curlOf({ rules: 'calm', lane: 'a', at: 1, request, answer, arrived: true, audit: [] })
}

t.test('a curl line has the method, the token and the body of its request, and nothing of the browser', async t => {
  t.equal(lineOf('GET', '/me', { authorization }), `curl -i ${url}/me \\\n  -H 'authorization: ${authorization}'`)
  t.equal(
    lineOf('POST', '/logout', { authorization }),
    `curl -i ${url}/logout \\\n  -X POST \\\n  -H 'authorization: ${authorization}'`,
  )
  t.equal(
    lineOf('POST', '/login', { 'content-type': 'application/json' }, `{"password":"it's"}`),
    `curl -i ${url}/login \\\n  -H 'content-type: application/json' \\\n  -d '{"password":"it'\\''s"}'`,
  )
})
