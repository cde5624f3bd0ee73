/** examples/other-origin in a real browser: a page and its API on an origin of their own, in bearer mode. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { startExample } from '../helpers/examples.ts'
import { freePort, postJson, startServer, waitUntil } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

t.test(
  'orders: log in at Signet, order here, and be logged out by a logout elsewhere',
  { timeout: 500_000 },
  async t => {
    const context = await startBrowser(t)
    if (!context) return
    const signetPort = await freePort()
    // 127.0.0.1 and localhost are two sites to a browser.
    const url = `http://127.0.0.1:${signetPort}`
    const secret = newSecret()
    const app = await startExample(t, 'other-origin', { SIGNET_URL: url, SIGNET_SECRET: secret })
    const origin = `http://localhost:${app.port}`
    await startServer(t, {
      PORT: String(signetPort),
      PUBLIC_URL: url,
      JWT_ALGORITHM: 'ES256',
      CORS_ORIGINS: origin,
      RESOURCE_SERVERS: `orders:${secret}`,
    })
    await waitUntil(async () => (await fetch(`http://127.0.0.1:${app.port}/ready`)).ok)

    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(origin)
    await logIn(page)
    await page.locator('li', { hasText: 'a kettle' }).waitFor()
    await page.getByLabel('New order').fill('a teapot')
    await page.getByRole('button', { name: 'Order' }).click()
    await page.locator('li', { hasText: 'a teapot' }).waitFor()
    await page.reload()
    await page.locator('li', { hasText: 'a teapot' }).waitFor()

    const stored = (await page.evaluate(
      "localStorage.getItem(Object.keys(localStorage).find(key => !key.endsWith('device')))",
    )) as string
    const { access_token: token } = JSON.parse(stored)
    const orders = (path = '') =>
      fetch(`http://127.0.0.1:${app.port}/api/orders${path}`, { headers: { authorization: `Bearer ${token}` } })
    t.equal((await orders()).status, 200)
    t.equal((await orders('/all')).status, 403, 'that is for administrators')
    t.equal((await postJson(`http://127.0.0.1:${app.port}/api/orders`, { what: 'x' })).status, 401)

    await page.getByLabel('New order').fill('not yet')
    const endedAt = performance.now()
    t.equal((await postJson(`${url}/logout/all`, {}, { authorization: `Bearer ${token}` })).status, 200)
    await waitUntil(async () => (await orders()).status === 401, 10)
    const seconds = (performance.now() - endedAt) / 1000
    t.comment(`known to the service after ${seconds.toFixed(2)} s`) // how soon at the latest: fastify-signet's own tests
    await page.getByRole('button', { name: 'Order' }).click()
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    t.equal(await page.locator('[name=what]').inputValue(), 'not yet', 'what was typed is still there')
    await logIn(page)
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByRole('button', { name: 'Log in' }).waitFor()
  },
)

async function logIn(page: Page) {
  await page.getByLabel('Name').fill('maria')
  await page.getByLabel('Password').fill('demo123')
  await page.getByRole('button', { name: 'Log in' }).click()
}
