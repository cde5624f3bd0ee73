/** JWT_AUDIENCE: whom an access token is for (RFC 7519 section 4.1.3). */
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

t.test('a token is for every name of the list, and an instance that shares one of them takes it', async t => {
  const [secret, sqlitePath] = [newSecret(), join(await temporaryFolder(t), 'signet.db')]
  const instance = (...audience: string[]) => testApp(t, { secrets: [secret], sqlitePath, audience })
  const [several, one, overlapping, other] = [
    await instance('https://api.example.com', 'orders'),
    await instance('orders'),
    await instance('billing', 'orders'),
    await instance('billing'),
  ]
  const { access_token: forSeveral } = await several.logIn()
  const { access_token: forOne } = await one.logIn()
  t.strictSame(claimsOf(forSeveral)['aud'], ['https://api.example.com', 'orders'])
  t.equal(claimsOf(forOne)['aud'], 'orders', 'a single name stays a text')
  for (const token of [forSeveral, forOne]) {
    for (const { me } of [several, one, overlapping]) t.equal((await me(token)).statusCode, 200)
    t.equal((await other.me(token)).statusCode, 401)
  }
})

t.test('introspection tells every name', async t => {
  const secret = newSecret()
  const { app, logIn } = await testApp(t, { audience: ['a', 'b'], resourceServers: new Map([['api', secret]]) })
  const { access_token: token } = await logIn()
  const answer = await app.inject({
    method: 'POST',
    url: '/introspect',
    headers: {
      authorization: `Basic ${Buffer.from(`api:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: `token=${token}`,
  })
  t.match(answer.json(), { active: true, aud: ['a', 'b'] })
})
