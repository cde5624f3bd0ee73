/** A refusal says what was expected, and comes in time. */
import { connect } from 'node:net'
import t from 'tap'
import { form, isOAuthError, isProblem, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { exchange, lastRequest, request } from '../helpers/raw.ts'

const { app } = await testApp(t, { loginFreeFailures: 0 })
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as { port: number }

t.test('a body that is too large, or never comes as a whole, holds a refusal back for a moment only', async t => {
  const headers = [`Content-Type: ${json}`]
  const [half, endless, tooLarge] = await Promise.all([
    exchange(port, request('POST /logout/all', [...headers, 'Content-Length: 1000'], '{')),
    exchange(port, request('POST /logout/all', [...headers, 'Content-Length: 9999999'], 'x'.repeat(100_000))),
    exchange(port, request('POST /login', [...headers, 'Content-Length: 60000'], 'x'.repeat(60_000))),
  ])
  for (const [answers, status] of [
    [half, 401],
    [endless, 401],
    [tooLarge, 413],
  ] as const) {
    t.strictSame(
      answers.map(one => [one.status, one.headers['connection']]),
      [[status, 'close']],
    )
  }
})

t.test('a stop does not wait for a connection on which nothing came', async t => {
  const { app } = await testApp(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const closed = new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => void app.close()).on('close', resolve)
    t.teardown(() => socket.destroy())
  })
  await Promise.race([closed, new Promise((_, reject) => setTimeout(reject, 30_000, new Error('it waits')).unref())])
  t.notOk(app.server.listening)
})

t.test('every 400 and 415 says what was expected', async t => {
  const credentials = JSON.stringify({ username: 'thirdy', password: 'demo123' })
  const details = async (path: string, type: string | undefined, body: string) => {
    const { errors } = (await post(app, path, type, body)).json()
    return errors?.map((one: { detail: string }) => one.detail)
  }
  const types = { '/login': `${json} or ${form}`, '/token': form, '/refresh': json, '/register': json, '/revoke': form }
  for (const [path, accepted] of Object.entries(types)) {
    for (const type of [undefined, 'text/plain', 'multipart/form-data; boundary=x', ';']) {
      isProblem(t, await post(app, path, type, credentials), 415, 'unsupported_media_type', `${path} ${type}`)
      t.strictSame(await details(path, type, credentials), [`must be sent with Content-Type: ${accepted}`])
    }
  }
  t.strictSame(await details('/login', json, ''), [`is required, must be sent with Content-Type: ${types['/login']}`])
  t.strictSame(await details('/login', json, '{'), ['must be JSON'])
  t.strictSame(await details('/login', json, 'demo\xff'), ['must be JSON'])
  t.match(await details('/refresh', json, '{}'), [/refresh_token.*application\/json.*cookie/])
  t.match((await app.inject('/users/%zz')).json().errors, [{ detail: 'must have a path of percent-encoded UTF-8' }])
  const [broken] = await exchange(port, `FOO / HTTP/1.1\r\n\r\n${lastRequest}`)
  t.match(JSON.parse(broken?.body ?? '').errors, [{ detail: 'must be a request of HTTP/1.1 (RFC 9112)' }])

  // `curl -d '{…}'`, which says it is a form.
  const asForm = async (path: string) => (await post(app, path, form, credentials)).json().error_description
  t.equal(await asForm('/login'), 'Request is not valid: is JSON, so it needs Content-Type: application/json')
  t.equal(await asForm('/token'), 'Request is not valid: must be a form, not JSON')
  t.strictSame(await details('/refresh', form, credentials), [`must be sent with Content-Type: ${json}`])
  const grant = await post(app, '/token', form, 'grant_type=x')
  isOAuthError(t, grant, 'unsupported_grant_type', 'Grant type is not supported', 'another grant')
  t.match(grant.json().error_description, /grant_type must be password or refresh_token$/)
})

t.test('what has no content coding is read, whatever the header says about it', async t => {
  const send = (coding: string) =>
    app.inject({
      method: 'POST',
      url: '/login',
      headers: { 'content-type': json, 'content-encoding': coding },
      body: { username: 'thirdy', password: 'demo123' },
    })
  for (const coding of ['identity', 'Identity', 'identity, identity', '']) {
    t.equal((await send(coding)).statusCode, 200, coding)
  }
  for (const coding of ['gzip', 'identity, gzip', 'br', 'x']) {
    const answer = await send(coding)
    isProblem(t, answer, 415, 'unsupported_media_type', coding)
    t.match(answer.json().errors, [{ detail: /^must have no content coding/ }])
  }
})
