/** What a thief has who has only a copy of the database. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { deriveKey } from '../../src/keys/secret.ts'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

t.test('a copy of the database holds no token, no password, no secret and no readable key', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app, logIn, refresh } = await testApp(t, { sqlitePath, algorithm: 'ES256' })
  const first = await logIn()
  const next = (await refresh(first.refresh_token)).json()
  const bytes = ['', '-wal'].map(end => readFileSync(`${sqlitePath}${end}`, 'latin1')).join('')
  t.match(bytes, claimsOf(first.access_token)['sid'] as string, 'the session is in it')

  const tokens = [first.access_token, first.refresh_token, next.access_token, next.refresh_token]
  const parts = tokens.flatMap(token => token.split('.').slice(1))
  for (const canary of [...parts, 'demo123', ...app.config.secrets]) t.notOk(bytes.includes(canary))
  t.notMatch(bytes, /PRIVATE KEY|"d":/)
})

t.test('with the salt of the database and any other secret nobody makes a refresh token', async t => {
  const { app, logIn, refresh } = await testApp(t)
  const [header, payload] = (await logIn()).refresh_token.split('.')
  for (const guess of ['', ' ', 'secret', app.config.publicUrl]) {
    const key = deriveKey(guess, app.stores.salt, 'signet refresh token').toString('base64url')
    const signature = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url')
    t.equal((await refresh(`${header}.${payload}.${signature}`)).statusCode, 401, guess)
  }
  const key = deriveKey(app.config.secrets[0], app.stores.salt, 'signet refresh token').toString('base64url')
  const ours = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url')
  t.equal((await refresh(`${header}.${payload}.${ours}`)).statusCode, 200, 'the secret itself does')
})
