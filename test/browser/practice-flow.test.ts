/** The six steps of the practice flow in Swagger UI, by clicking what a person clicks. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import t from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { root } from '../helpers/places.ts'
import { startServer, waitUntil } from '../helpers/process.ts'
import { execute, openDocs, openDocsAt } from './docs-page.ts'

const artefacts = join(root, 'test-artefacts')

/** An hour later, when the service gets the signal. */
const clock = `process.on('SIGWINCH', () => {
  const now = Date.now
  Date.now = () => now() + 3_600_000
})`

async function authorizeWith(page: Page, token: string): Promise<void> {
  const dialog = await openDialog(page)
  const section = dialog.locator('.auth-container', { hasText: 'bearerAuth' })
  const logout = dialog.getByRole('button', { name: 'Remove authorization' })
  while (await logout.count()) await logout.first().click()
  await section.locator('input').fill(token)
  await section.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.getByRole('button', { name: 'Close' }).first().click()
}

async function openDialog(page: Page): Promise<Locator> {
  await page.locator('.auth-wrapper .authorize').first().click()
  const dialog = page.locator('.dialog-ux .modal-ux')
  await dialog.waitFor()
  return dialog
}

t.test('the six steps of the practice flow, by hand', { timeout: 500_000 }, async t => {
  const browser = await startBrowser(t)
  if (!browser) return
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(clock)}`
  const server = await startServer(t, { DOCS: 'true', NODE_OPTIONS })
  const page = await openDocsAt(server.url, browser)

  const login = await execute(page, 'Tokens-login')
  t.equal(login.status, 200, '1: log in with what is filled in')
  t.match(login.body, { access_token: /^eyJ/, refresh_token: /^eyJ/, token_type: 'bearer' })

  const me = await execute(page, 'Tokens-me')
  t.equal(me.status, 200, '2: the page has authorized by itself')
  t.match(me.body, { user_id: 'user-1', username: 'thirdy', message: 'You used a valid access token' })

  await mkdir(artefacts, { recursive: true })
  await page.screenshot({ path: join(artefacts, 'practice-flow.png'), fullPage: true })

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  for (const kind of ['access', 'refresh']) {
    await page
      .locator('#operations-Tokens-login')
      .getByRole('button', { name: `Copy ${kind} token` })
      .click()
    await page.locator('#operations-Tokens-login').getByRole('button', { name: 'Copied' }).first().waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), login.body[`${kind}_token`], 'a button copies it')
  }
  await authorizeWith(page, login.body['refresh_token'] ?? '')
  const confused = await execute(page, 'Tokens-me')
  t.equal(confused.status, 401, '3: with the refresh token')
  t.equal(confused.body['detail'], 'Access token required')

  const refreshed = await execute(page, 'Tokens-refresh', { refresh_token: login.body['refresh_token'] })
  t.equal(refreshed.status, 200, '4: refresh')
  t.not(refreshed.body['access_token'], login.body['access_token'])
  t.not(refreshed.body['refresh_token'], login.body['refresh_token'])

  const token = refreshed.body['access_token'] ?? ''
  await authorizeWith(page, `${token.slice(0, 60)}${token[60] === 'A' ? 'B' : 'A'}${token.slice(61)}`)
  const changed = await execute(page, 'Tokens-me')
  t.equal(changed.status, 401, '5: one character changed')
  t.equal(changed.body['detail'], 'Invalid token')

  await authorizeWith(page, token)
  server.process.kill('SIGWINCH')
  const headers = { authorization: `Bearer ${token}` }
  await waitUntil(async () => (await fetch(`${server.url}/me`, { headers })).status === 401)
  const expired = await execute(page, 'Tokens-me')
  t.equal(expired.status, 401, '6: after the access token has expired')
  t.equal(expired.body['detail'], 'Token expired')
  const again = await execute(page, 'Tokens-refresh', { refresh_token: refreshed.body['refresh_token'] })
  t.equal(again.status, 200, 'a refresh helps')
  t.equal((await execute(page, 'Tokens-me')).status, 200, 'and the page has authorized by itself again')
})

t.test('the authorization survives a reload', async t => {
  const page = await openDocs(t)
  if (!page) return
  await execute(page, 'Tokens-login')
  await page.reload()
  t.equal((await execute(page, 'Tokens-me')).status, 200)
})

t.test('Authorize takes a username and a password as well', async t => {
  const page = await openDocs(t)
  if (!page) return
  const dialog = await openDialog(page)
  t.match(
    await dialog.locator('.auth-container h4').first().innerText(),
    'bearerAuth',
    'it opens on the field for a token',
  )
  const section = dialog.locator('.auth-container', { hasText: 'passwordForm' })
  await section.locator('#oauth_username').fill('maria')
  await section.locator('#oauth_password').fill('demo123')
  await section.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
  await section.getByText('Authorized', { exact: false }).first().waitFor()
  await page.screenshot({ path: join(artefacts, 'authorize.png') })
  await dialog.getByRole('button', { name: 'Close' }).first().click()
  t.match((await execute(page, 'Tokens-me')).body, { username: 'maria' })
})

t.test('the page renders over plain http under a name that is not localhost', async t => {
  // A name that leads to loopback: the browser trusts it as little as any other address in a local network.
  const browser = await startBrowser(t, ['--host-resolver-rules=MAP signet.test 127.0.0.1'])
  if (!browser) return
  const server = await startServer(t, { DOCS: 'true' })
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('console', message => message.type() === 'error' && problems.push(message.text()))
  await page.goto(`http://signet.test:${server.port}/docs`)
  await page.getByText('A token service').first().waitFor()
  t.match(await execute(page, 'Tokens-login'), { status: 200 })
  t.equal(await page.evaluate('isSecureContext'), false)
  t.strictSame(problems, [], 'and its policy blocks nothing it needs')
})
