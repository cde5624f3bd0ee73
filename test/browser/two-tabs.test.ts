/** Cookie mode in a real browser: two tabs share one session in peace, and pages of other origins cannot drive it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { testConfig } from '../helpers/app.ts'
import { startBrowser } from '../helpers/browser.ts'
import { movableClock } from '../helpers/clock.ts'
import { freePort } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

const html = '<!doctype html><title>A page</title>'

/** The app on http://localhost with a page of its own, as behind a gateway, and what it was asked and answered. */
async function startApp(t: Test, cookieOrigins: string[] = []) {
  const port = await freePort()
  const clock = movableClock()
  const url = `http://localhost:${port}`
  const config = testConfig({ publicUrl: url, cookieOrigins, logLevel: 'silent' })
  const { buildApp } = await import('../../src/app.ts') // when there is a browser
  const app = await buildApp({ config, log: { write() {} }, clock, background: false })
  t.teardown(() => app.close())

  const asked: { path: string; status: number; site: unknown; origin: unknown; hasCookie: boolean }[] = []
  app.addHook('onResponse', async ({ url, headers }, { statusCode }) => {
    const { 'sec-fetch-site': site, origin, cookie } = headers
    asked.push({ path: url, status: statusCode, site, origin, hasCookie: cookie?.includes('__Host-signet_') ?? false })
  })
  const gate = Promise.withResolvers<void>()
  app.addHook('preValidation', async ({ headers }) => {
    if (headers['x-hold']) await gate.promise
  })
  app.get('/page', (_request, reply) =>
    reply.header('content-security-policy', "default-src 'self'").type('text/html').send(html),
  )
  await app.listen({ host: 'localhost', port })
  return { app, clock, url, asked, letThrough: gate.resolve }
}

/** A server of somebody else. As 127.0.0.1 it is another site than localhost, as localhost a neighbour on another port. */
async function startStranger(t: Test) {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close().closeAllConnections())
  const { port } = server.address() as { port: number }
  return { otherSite: `http://127.0.0.1:${port}`, neighbour: `http://localhost:${port}` }
}

async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  return page
}

/** What a page's own script would do. */
function call(
  page: Page,
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return page.evaluate(
    async ([url, init]) => {
      const response = await fetch(url, { ...init, credentials: 'include' })
      const text = await response.text()
      const cause = response.headers.get('signet-refresh')
      return { status: response.status, cause, body: text === '' ? null : JSON.parse(text) }
    },
    [url, init] as const,
  )
}

function logIn(page: Page, username: string, origin = '') {
  const body = JSON.stringify({ username, password: 'demo123', mode: 'cookie' })
  return call(page, `${origin}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

const refresh = (page: Page) => call(page, '/refresh', { method: 'POST' })

async function cookiesOf(context: BrowserContext, url: string) {
  const all = await context.cookies(url)
  const named = (name: string) => all.find(cookie => cookie.name === name)
  return { access: named('__Host-signet_access'), refresh: named('__Host-signet_refresh') }
}

/** The cookies that hold a token; the device's outlives every session. */
async function tokensOf(context: BrowserContext, url: string) {
  return Object.values(await cookiesOf(context, url)).filter(Boolean)
}

const options = { timeout: 500_000 }

t.test(
  'two tabs that refresh at once, again and again, stay logged in, and their cookies never get older',
  options,
  async t => {
    const context = await startBrowser(t)
    if (!context) return
    const { app, clock, url } = await startApp(t)
    const tabs = [await openTab(context, `${url}/page`), await openTab(context, `${url}/page`)] as const
    t.strictSame(await logIn(tabs[0], 'maria'), {
      status: 200,
      cause: null,
      body: { token_type: 'cookie', expires_in: 900 },
    })

    const { access, refresh: atFirst } = await cookiesOf(context, url)
    t.match(access, { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: 'localhost' })
    t.match(atFirst, { httpOnly: true, secure: true, sameSite: 'Strict', path: '/', domain: 'localhost' })
    t.equal(await tabs[1].evaluate('document.cookie'), '', 'no script can read them')

    for (let round = 1; round <= 25; round++) {
      clock.advance(31)
      await app.revocations.poll()
      const answers = await Promise.all([...tabs, ...tabs].map(refresh))
      const causes = answers.map(({ cause }) => cause).sort()
      t.strictSame(causes, ['repeated', 'repeated', 'repeated', 'rotated'], `round ${round}`)
      t.equal(claimsOf((await cookiesOf(context, url)).refresh?.value ?? '')['gen'], round)
      for (const tab of tabs) t.match(await call(tab, '/me'), { status: 200, body: { username: 'maria' } })
    }
    t.match(await app.stores.sessions.list('user-2'), [{ generation: 25, retries: 0 }], 'one session, nobody suspected')
  },
)

t.test("a tab whose refresh fails leaves the other's newer cookies alone", options, async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { app, url, letThrough } = await startApp(t)
  const [slow, other] = [await openTab(context, `${url}/page`), await openTab(context, `${url}/page`)]
  await logIn(slow, 'maria')
  const failing = call(slow, '/refresh', { method: 'POST', headers: { 'x-hold': '1' } })
  await app.sessions.logOutAll('user-2', { ip: '127.0.0.1' })
  await logIn(other, 'thirdy')
  const before = await cookiesOf(context, url)

  letThrough()
  t.match(await failing, { status: 401, body: { code: 'token_revoked' } })
  t.strictSame(await cookiesOf(context, url), before)
  for (const tab of [slow, other]) {
    t.match(await call(tab, '/me'), { status: 200, body: { username: 'thirdy' } })
    t.equal((await refresh(tab)).status, 200)
  }

  t.equal((await call(other, '/logout', { method: 'POST' })).status, 204)
  t.strictSame(await tokensOf(context, url), [], 'a logout takes both cookies away, for both tabs')
  t.match(await call(slow, '/me'), { status: 401, body: { code: 'missing_token' } })
})

t.test('a page of another origin can neither log in, nor refresh, nor log out', options, async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { app, clock, url, asked } = await startApp(t)
  const { otherSite, neighbour } = await startStranger(t)
  const tab = await openTab(context, `${url}/page`)
  await logIn(tab, 'maria')
  clock.advance(60)
  const before = { cookies: await context.cookies(url), sessions: await app.stores.sessions.list('user-2') }

  for (const stranger of [otherSite, neighbour]) {
    asked.length = 0
    const page = await openTab(context, `${stranger}/`)
    await page.evaluate(attack, url)
    for (const path of ['/login', '/refresh', '/logout', '/logout/all']) {
      for (const type of ['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded']) {
        await page.goto(`${stranger}/`)
        await Promise.all([page.waitForURL(url + path), page.evaluate(submitForm, [url + path, type] as const)])
      }
    }

    const theirs = asked.filter(({ path, origin }) => path !== '/page' && origin !== url)
    t.ok(theirs.length > 30, `${theirs.length} attempts arrived`)
    for (const { path, status } of theirs) t.ok(status >= 400, `${stranger} ${path}: ${status}`)
    // SameSite keeps the cookies from another site; a neighbour has them sent, and the sender is what refuses it.
    t.equal(
      theirs.some(one => one.hasCookie),
      stranger === neighbour,
    )
    const driven = theirs.filter(one => one.hasCookie && /^.(refresh|logout)/.test(one.path) && one.status !== 415)
    for (const { path, status, site } of driven) t.strictSame([status, site], [403, 'same-site'], path)
    if (stranger === neighbour) t.ok(driven.length >= 3)

    t.strictSame(await context.cookies(url), before.cookies)
    t.strictSame(await app.stores.sessions.list('user-2'), before.sessions)
    t.strictSame(await app.stores.sessions.list('user-1'), [])
    t.match(await call(tab, '/me'), { status: 200, body: { username: 'maria' } })
  }

  const visitor = await openTab(context, `${otherSite}/`)
  await Promise.all([visitor.waitForURL(`${url}/me`), visitor.evaluate(`location.href = '${url}/me'`)])
  t.match(await visitor.evaluate('document.body.innerText'), /"username":"maria"/, 'a mere link finds her logged in')
  t.equal((await refresh(tab)).status, 200)
})

/** In the stranger's page: every way a script has to send something along with the cookies. */
async function attack(url: string): Promise<void> {
  const login = JSON.stringify({ username: 'thirdy', password: 'demo123', mode: 'cookie' })
  const multipart = new FormData()
  multipart.set('mode', 'cookie')
  const bodies = [undefined, login, new Blob([login], { type: 'application/json' }), new Blob([login]), multipart]
  const json = { 'content-type': 'application/json' }
  for (const path of ['/login', '/refresh', '/logout', '/logout/all']) {
    for (const body of bodies) {
      const request = { method: 'POST', credentials: 'include', ...(body !== undefined && { body }) } as const
      await fetch(url + path, { ...request, mode: 'no-cors' }).catch(() => {})
      await fetch(url + path, request).catch(() => {})
      await fetch(url + path, { ...request, headers: json }).catch(() => {})
    }
    await fetch(url + path, { method: 'DELETE', credentials: 'include' }).catch(() => {})
  }
}

/** In the stranger's page: a form, which goes to the other page and takes Lax cookies of its site with it. */
function submitForm([action, type]: readonly [string, string]): void {
  const page = globalThis as unknown as { document: { body: { innerHTML: string }; forms: { submit(): void }[] } }
  const trick = '{&quot;username&quot;:&quot;thirdy&quot;,&quot;password&quot;:&quot;demo123&quot;,&quot;x&quot;:&quot;'
  const fields = `<input name="mode" value="cookie"><input name="${trick}" value="&quot;}">`
  page.document.body.innerHTML = `<form method="post" action="${action}" enctype="${type}">${fields}</form>`
  page.document.forms[0]?.submit()
}

t.test('a page of an origin in COOKIE_ORIGINS can do all of it', options, async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { neighbour } = await startStranger(t)
  const { app, clock, url } = await startApp(t, [neighbour])
  const page = await openTab(context, `${neighbour}/`)

  t.match(await logIn(page, 'maria', url), { status: 200, body: { token_type: 'cookie' } })
  t.match(await call(page, `${url}/me`), { status: 200, body: { username: 'maria' } })
  clock.advance(60)
  t.match(await call(page, `${url}/refresh`, { method: 'POST' }), { status: 200, cause: 'rotated' })
  t.equal((await call(page, `${url}/logout`, { method: 'POST' })).status, 204)
  t.strictSame(await tokensOf(context, url), [])
  t.strictSame(await app.stores.sessions.list('user-2'), [])
})
