/** `POST /introspect` (RFC 7662): for services that are known, about access tokens alone. */
import t from 'tap'
import { form } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const secret = newSecret()
const servers = new Map([
  ['orders', secret],
  ['a:b', `${secret}:`],
  ['a+b', `${secret}+%41%`],
  ['c', `${secret}:`],
])
const { app, logIn } = await testApp(t, { resourceServers: servers })
const basic = (...parts: string[]) => `Basic ${Buffer.from(parts.join(':')).toString('base64')}`
const ask = (token: string, authorization?: string) =>
  app.inject({
    method: 'POST',
    url: '/introspect',
    headers: { 'content-type': form, ...(authorization && { authorization }) },
    body: new URLSearchParams({ token }).toString(),
  })

t.test('an access token is active and told as it is, but for the address', async t => {
  const { access_token: token } = await logIn('maria')
  const { email: _, email_verified: __, token_type: ___, ...claims } = claimsOf(token)
  const answer = await ask(token, basic('orders', secret))
  t.strictSame(answer.json(), { active: true, ...claims, token_type: 'Bearer' })
})

t.test('a refresh token, and whatever else is none of ours, is not active', async t => {
  const { access_token: access, refresh_token: refresh } = await logIn('maria')
  for (const token of [refresh, `${access}x`, 'a.b.c', '-']) {
    const answer = await ask(token, basic('orders', secret))
    t.equal(answer.statusCode, 200)
    t.strictSame(answer.json(), { active: false }, token.slice(0, 10))
  }
})

t.test('a service proves itself by the whole of its secret, encoded or not', async t => {
  const encoded = (id: string, word: string) => basic(...[id, word].map(encodeURIComponent))
  const colons = encoded('a:b', `${secret}:`)
  for (const authorization of [basic('orders', secret), encoded('orders', secret), colons]) {
    t.equal((await ask('-', authorization)).statusCode, 200)
  }
  for (const write of [basic, encoded]) {
    t.equal((await ask('-', write('a+b', `${secret}+%41%`))).statusCode, 200, 'what form-encoding would read otherwise')
    t.equal((await ask('-', write('c', `${secret}:`))).statusCode, 200, 'a colon in it')
  }
  const wrong = [undefined, basic('orders', ''), basic('orders', secret, 'more'), basic('orders', secret.slice(1))]
  for (const authorization of [...wrong, basic('nobody', ''), basic('nobody', secret), encoded('a:b', secret)]) {
    const answer = await ask('-', authorization)
    t.match([answer.statusCode, answer.headers['www-authenticate']], [401, 'Basic realm="signet"'])
    t.strictSame(answer.json().code ?? answer.json().error, 'invalid_client')
  }
})
