/** What second factors cost somebody who has none: no statement, and no package at the start. */
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { asUser } from '../helpers/authenticator.ts'
import { postJson, startServer } from '../helpers/process.ts'

t.test('a login, a refresh and a check of somebody without one ask no store of factors for anything', async t => {
  const { app, logIn, refresh, me } = await testApp(t, { secondFactor: 'optional' })
  const asked: string[] = []
  for (const store of [app.stores.factors, app.stores.challenges] as unknown as Record<
    string,
    () => Promise<never>
  >[]) {
    for (const name of Object.keys(store)) {
      store[name] = async () => {
        asked.push(name)
        throw new Error(name)
      }
    }
  }
  const tokens = await logIn()
  t.equal((await me(tokens.access_token)).statusCode, 200)
  t.equal((await refresh(tokens.refresh_token)).statusCode, 200)
  t.equal(
    (await app.inject({ url: '/verify', headers: { authorization: `Bearer ${tokens.access_token}` } })).statusCode,
    200,
  )
  t.strictSame(asked, [])
  await asUser({ app }, tokens.access_token)('POST', '/me/totp')
  t.strictSame(asked, ['open'], 'and they would have been heard')
})

t.test('a process loads nothing of passkeys, nor to draw a QR code with, until one is asked for', async t => {
  const watch = `
    import { registerHooks } from 'node:module'
    registerHooks({ load: (url, context, next) => {
      if (/\\/node_modules\\/(qr|@simplewebauthn)\\//.test(url)) console.log(JSON.stringify({ msg: 'loaded ' + url }))
      return next(url, context)
    } })`
  const server = await startServer(t, {
    SECOND_FACTOR: 'optional',
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(watch)}`,
  })
  const login = await postJson(`${server.url}/login`, { username: 'maria', password: 'demo123' })
  const { access_token: token } = (await login.json()) as { access_token: string }
  const loaded = () =>
    [...server.output().matchAll(/loaded \S+\/node_modules\/(qr|@simplewebauthn)\//g)].map(([, name]) => name)
  t.strictSame(loaded(), [])
  const begun = await fetch(`${server.url}/me/totp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  t.equal(begun.status, 200)
  t.strictSame([...new Set(loaded())], ['qr'])
})
