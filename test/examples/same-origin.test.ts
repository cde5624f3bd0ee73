/** examples/same-origin in a real browser: a page and its API behind the shipped Caddyfile, in cookie mode. */
import type { BrowserContext, Page } from 'playwright-core'
import t from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { startExample } from '../helpers/examples.ts'
import { ask, hasGateway, startGateway } from '../helpers/gateways.ts'
import { freePort, startServer, waitUntil } from '../helpers/process.ts'

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(url)
  return page
}

t.test('notes: log in, write, reload, log out in another tab', { timeout: 500_000 }, async t => {
  const context = hasGateway(t, 'caddy') && (await startBrowser(t))
  if (!context) return
  const port = await freePort()
  const url = `http://localhost:${port}`
  const signet = await startServer(t, { PUBLIC_URL: url, TRUSTED_PROXIES: 'loopback' })
  const app = await startExample(t, 'same-origin')
  const publicPaths = '/ /page.js /signet-client/*'
  const signets = [signet.port, signet.port] as const
  await startGateway(t, 'caddy', { port, signets, app: app.port, publicUrl: url, algorithm: 'ES256', publicPaths })

  t.equal((await ask(`${url}/api/notes`)).status, 401, 'the API is for those who are logged in')
  const [first, second] = [await openTab(context, url), await openTab(context, url)]
  await logIn(first, 'wrong')
  await first.getByText('Invalid credentials').waitFor()
  await logIn(first, 'demo123')
  for (const tab of [first, second]) await tab.locator('#who', { hasText: 'maria' }).waitFor()

  await write(first, 'buy <b>tea</b>')
  await first.locator('li', { hasText: 'buy <b>tea</b>' }).waitFor()
  await context.clearCookies({ name: '__Host-signet_access' }) // as a browser does when it has run out
  await write(first, 'drink it')
  await first.locator('li', { hasText: 'drink it' }).waitFor()
  await second.reload()
  await second.locator('li', { hasText: 'drink it' }).waitFor()
  t.equal(await first.evaluate('document.cookie + localStorage.length'), '0', 'no script sees a token')

  await first.getByLabel('New note').fill('not yet')
  await second.getByRole('button', { name: 'Log out' }).click()
  for (const tab of [first, second]) await tab.getByRole('button', { name: 'Log in' }).waitFor()
  t.equal(await first.locator('[name=text]').inputValue(), 'not yet', 'what was typed is still there')
  // The page shows it at once; the cookies go when Signet has answered.
  await waitUntil(async () => !(await context.cookies(url)).some(({ name }) => /access|refresh/.test(name)), 10)
})

async function logIn(page: Page, password: string) {
  await page.getByLabel('Name').fill('maria')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}

async function write(page: Page, text: string) {
  await page.getByLabel('New note').fill(text)
  await page.getByRole('button', { name: 'Keep' }).click()
}
