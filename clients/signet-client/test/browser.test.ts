/** The library in a real Chromium, against a real Signet. */
import { existsSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { openTab, soon, startPages } from './pages.ts'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const isThere = existsSync(executablePath) && !process.env['WITHOUT_DEBIAN']
const skip = isThere || process.env['REQUIRE_ALL'] ? false : 'needs Debian package chromium'
const options = { skip, timeout: 500_000 }

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
let browser: Browser | undefined
t.teardown(() => browser?.close())

async function newContext() {
  const { chromium } = await import('playwright-core')
  browser ??= await chromium.launch({
    executablePath,
    args: [...args, '--disable-component-update', '--disable-sync'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return browser.newContext()
}

const logIn = (page: Page) => page.evaluate("signet.login('maria', 'demo123')")
const me = (page: Page, url: string) => page.evaluate(`signet.fetch('${url}/me').then(({ status }) => status)`)

for (const mode of ['cookie', 'bearer'] as const) {
  t.test(`${mode} mode: three tabs, lost answers, a storm of 503, a logout in another tab`, options, async t => {
    const { app, clock, url, causes, trouble, cookiePage, bearerPage } = await startPages(t)
    const context = await newContext()
    const address = mode === 'cookie' ? cookiePage : bearerPage
    const tabs = await Promise.all([1, 2, 3].map(() => openTab(context, address)))
    const [first, second, third] = tabs as [Page, Page, Page]
    t.match(await logIn(first), { user_id: 'user-2', username: 'maria', email: null, role: 'user' })
    for (const tab of [second, third])
      t.ok(await soon(tab, "signet.user?.username === 'maria'"), 'a login is known to all')

    for (let round = 1; round <= 2; round++) {
      clock.advance(901)
      trouble.lost = round === 2 ? 2 : 0
      const statuses = await Promise.all([...tabs, ...tabs].map(tab => me(tab, url)))
      t.strictSame(statuses, Array(6).fill(200), `round ${round}`)
    }
    t.match(await app.stores.sessions.list('user-2'), [{ generation: 2, retries: 0 }], 'one session, no retry used')

    clock.advance(901)
    trouble.busy = 2
    causes.length = 0
    t.equal(await me(second, url), 200, 'after a storm of 503')
    t.strictSame(causes.filter(cause => cause === 503).length, 2)
    for (const tab of tabs) t.notMatch(String(await tab.evaluate('events')), /ended|logged-out/)

    await third.evaluate('signet.logout()')
    for (const tab of tabs) t.ok(await soon(tab, 'signet.user === null'), 'a logout is known to all')
    t.equal(await me(first, url), 401)
    t.strictSame(await app.stores.sessions.list('user-2'), [])
    if (mode === 'cookie') t.equal(await first.evaluate('localStorage.length'), 0)

    const atOnce = await Promise.all([logIn(first), logIn(first), logIn(second)])
    t.match(atOnce, Array(3).fill({ username: 'maria' }), 'who presses the button twice is logged in')
    for (const tab of tabs) t.equal(await me(tab, url), 200)
    await context.close()
  })
}

t.test('a tab that was frozen finds what the others did, and sends no token of long ago', options, async t => {
  const { app, clock, url, causes, bearerPage } = await startPages(t)
  const context = await newContext()
  const [frozen, other] = [await openTab(context, bearerPage), await openTab(context, bearerPage)] as const
  await logIn(frozen)
  const devtools = await context.newCDPSession(frozen)
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  for (let hours = 0; hours < 2; hours++) {
    clock.advance(3600)
    t.equal(await me(other, url), 200, 'no lock that a frozen tab holds')
  }

  await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  clock.advance(3600)
  t.equal(await me(frozen, url), 200)
  t.strictSame(causes, Array(3).fill('rotated'))
  t.match(await app.stores.sessions.list('user-2'), [{ generation: 3, retries: 0 }])
  await context.close()
})

t.test("a computer's date that is wrong by a day logs nobody out, nor refreshes without need", options, async t => {
  const { clock, url, causes, bearerPage } = await startPages(t)
  for (const day of [86_400_000, -86_400_000]) {
    const context = await newContext()
    await context.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${day} }`)
    const page = await openTab(context, bearerPage)
    await logIn(page)
    causes.length = 0
    t.equal(await me(page, url), 200)
    await page.reload()
    t.ok(await soon(page, "window.signet?.user?.username === 'maria'"), 'known at once after a reload')
    t.equal(await me(page, url), 200)
    t.strictSame(causes, [])
    clock.advance(901)
    t.equal(await me(page, url), 200)
    t.strictSame(causes, ['rotated'])
    await context.close()
  }
})

for (const mode of ['cookie', 'bearer'] as const) {
  t.test(`${mode} mode: a page that comes back from the back/forward cache knows of a logout`, options, async t => {
    const { app, cookiePage, bearerPage, url } = await startPages(t)
    const context = await newContext()
    const address = mode === 'cookie' ? cookiePage : bearerPage
    const [page, other] = [await openTab(context, address), await openTab(context, address)] as const
    await logIn(page)
    await page.evaluate("addEventListener('pageshow', ({ persisted }) => { window.cameBack = persisted })")
    await page.goto(`${url}/health/live`)
    // No message tells of these: the browser would load a page anew that had one waiting.
    if (mode === 'cookie') await app.sessions.logOutAll('user-2', { ip: '127.0.0.1' })
    else await other.evaluate('localStorage.clear()')
    await page.evaluate('history.back()').catch(() => {})
    t.ok(await soon(page, 'window.cameBack'), 'it was in the cache')
    t.ok(await soon(page, 'signet.user === null'))

    await logIn(page)
    await page.goto(`${url}/health/live`)
    await other.evaluate('signet.logout()')
    await page.evaluate('history.back()').catch(() => {})
    t.ok(await soon(page, "document.title === 'A page' && window.signet?.user === null"))
    await context.close()
  })
}

t.test('a redirect to another origin does not take the access token along', options, async t => {
  const { bearerPage, seen } = await startPages(t)
  const context = await newContext()
  const page = await openTab(context, bearerPage)
  await logIn(page)
  t.equal(await page.evaluate("signet.fetch('/moved').then(({ redirected }) => redirected)"), true)
  t.strictSame(seen, [undefined])
  await context.close()
})
