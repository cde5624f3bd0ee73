/** Clients as people install them, which expect what the standards leave open. */
import axios from 'axios'
import { ResourceOwnerPassword } from 'simple-oauth2'
import t from 'tap'
import { testApp } from '../helpers/app.ts'

const { app, me } = await testApp(t)
const url = await app.listen({ port: 0, host: '127.0.0.1' })

t.test('simple-oauth2 logs in, refreshes and revokes', async t => {
  const client = new ResourceOwnerPassword({
    client: { id: 'app', secret: '' },
    auth: { tokenHost: url, tokenPath: '/token', revokePath: '/revoke' },
  })
  const grant = await client.getToken({ username: 'maria', password: 'demo123', scope: 'openid' })
  t.equal(grant.token['scope'], 'user')
  const refreshed = await grant.refresh()
  t.equal((await me(String(refreshed.token['access_token']))).statusCode, 200)
  await refreshed.revokeAll()
  t.equal((await me(String(refreshed.token['access_token']))).statusCode, 401)
  const refused = await client.getToken({ username: 'maria', password: 'x' }).catch((error: unknown) => error)
  t.match(refused, { data: { payload: { error: 'invalid_grant' } } })
})

t.test('an axios client with a bearer in its defaults logs in, refreshes and logs out', async t => {
  const client = axios.create({ baseURL: url, headers: { common: { Authorization: 'Bearer undefined' } } })
  const { data: tokens } = await client.post('/login', { username: 'maria', password: 'demo123' })
  client.defaults.headers.common['Authorization'] = `Bearer ${tokens.access_token}`
  const { data: refreshed } = await client.post('/refresh', { refresh_token: tokens.refresh_token })
  t.equal((await client.get('/me')).data.username, 'maria')
  t.equal((await client.post('/logout', { refresh_token: refreshed.refresh_token })).status, 204)
  const error = await client.get('/me').catch((reason: unknown) => reason)
  t.match(error, { response: { status: 401, data: { detail: 'Token revoked' } } })
})

t.test("Apache HttpClient's form says ISO-8859-1, and its bytes are UTF-8", async t => {
  const { data } = await axios.post(`${url}/token`, 'grant_type=password&username=maria&password=demo123', {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=ISO-8859-1' },
  })
  t.ok(data.access_token)
})
