/** Swagger UI works at whatever address it was opened: with a slash, behind a gateway that strips a path, on a phone. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { startBrowser } from '../helpers/browser.ts'

/** A gateway that keeps Signet under `/kept` and takes that off before it passes a request on. */
async function startStripping(t: Test, port: number): Promise<string> {
  const server = createServer((request, reply) => {
    const { method, headers, url = '' } = request
    if (!url.startsWith('/kept/')) return reply.writeHead(404).end()
    const passed = httpRequest({ port, host: '127.0.0.1', path: url.slice(5), method, headers }, answer => {
      answer.pipe(reply.writeHead(answer.statusCode ?? 502, answer.headers))
    })
    request.pipe(passed)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/kept`
}

/** @returns the port */
async function start(t: Test, publicUrl: string): Promise<number> {
  const { app } = await testApp(t, { docs: true, publicUrl })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Logs in by the form under Authorize, then asks who is there. @returns what the page shows of the answer */
async function authorizeAndAsk(page: Page): Promise<string> {
  await page.locator('.auth-wrapper .authorize').first().click()
  const form = page.locator('.dialog-ux .auth-container', { hasText: 'passwordForm' })
  await form.locator('#oauth_username').fill('maria')
  await form.locator('#oauth_password').fill('demo123')
  await form.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
  await form.getByText('Authorized', { exact: false }).first().waitFor()
  await page.locator('.dialog-ux').getByRole('button', { name: 'Close' }).first().click()
  const me = page.locator('#operations-Tokens-me')
  await me.locator('.opblock-summary-control').first().click()
  await me.getByRole('button', { name: 'Execute', exact: true }).click()
  return me.locator('.live-responses-table .response .response-col_description pre').first().innerText()
}

t.test(
  'the page works under the path of PUBLIC_URL, behind a gateway that strips another one, on a phone',
  { timeout: 500_000 },
  async t => {
    const browser = (await startBrowser(t))?.browser()
    if (!browser) return
    const base = `${await startStripping(t, await start(t, 'https://example.com/auth'))}/auth`
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true })
    const page = await context.newPage()
    await page.goto(`${base}/docs/?x=1`)
    const logout = page.locator('#operations-Sessions-logout')
    await logout.waitFor()
    t.equal(page.url().split('#')[0], `${base}/docs`, 'the slash is gone')
    t.equal(await page.evaluate('visualViewport.width'), 390, 'the page is as wide as the phone')

    t.equal(
      await page.locator('.authorization__btn[aria-label$=" locked"]').count(),
      0,
      'nobody has logged in, so every lock is open',
    )
    t.equal(await logout.locator('.authorization__btn[aria-label$=" unlocked"]').count(), 1)
    await logout.locator('.opblock-summary-control').first().click()
    const unauthorized = logout.locator('tr.response[data-code="401"]')
    t.match(await unauthorized.innerText(), '"detail": "Missing Bearer token"', 'errors are told as they are')
    const codes = await unauthorized.locator('.examples-select option').allInnerTexts()
    t.strictSame(codes, ['missing_token', 'invalid_token'])

    t.match(await authorizeAndAsk(page), '"username": "maria"', 'the form finds the token endpoint')
    t.not(await page.locator('.authorization__btn[aria-label$=" locked"]').count(), 0, 'and closes the locks')
  },
)
