/** A real Signet, and pages with the library on them: its own origin's (cookie mode) and another one's (bearer mode). */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buildSync } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildApp } from '../../../src/app.ts'
import { testConfig } from '../../../test/helpers/app.ts'
import { movableClock } from '../../../test/helpers/clock.ts'
import { freePort } from '../../../test/helpers/process.ts'
import { hasher } from './setup.ts'

const bundle = () =>
  buildSync({
    entryPoints: [`${import.meta.dirname}/../src/index.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  }).outputFiles[0]!.contents

export const library: Uint8Array = bundle()

const html = (url: string, mode: string, origins: string[] = []) => `<!doctype html><title>A page</title>
<script type="module">
  import { createSignet } from '/client.js'
  window.events = []
  window.signet = createSignet(${JSON.stringify({ url, mode, origins })})
  signet.subscribe(({ type }) => events.push(type))
</script>`

export async function startPages(t: Test) {
  const clock = movableClock()
  const port = await freePort()
  const url = `http://localhost:${port}`
  const seen: (string | undefined)[] = []
  const stranger = createServer((request, response) => {
    if (request.method !== 'OPTIONS') seen.push(request.headers.authorization)
    response.setHeader('access-control-allow-origin', '*').setHeader('access-control-allow-headers', '*').end('{}')
  })
  const other = createServer(({ url: path }, response) => {
    if (path === '/client.js') response.setHeader('content-type', 'text/javascript').end(Buffer.from(library))
    else if (path === '/moved') response.writeHead(302, { location: at(stranger) }).end()
    else response.setHeader('content-type', 'text/html').end(html(url, 'bearer'))
  })
  for (const server of [stranger, other]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close().closeAllConnections())
  }

  const config = testConfig({ publicUrl: url, corsOrigins: [at(other)], logLevel: 'silent' })
  const app = await buildApp({ config, log: { write() {} }, clock, background: false, hasher })
  t.teardown(() => app.close())
  const causes: unknown[] = []
  const trouble = { lost: 0, busy: 0 }
  app.addHook('onRequest', async ({ url, method }, reply) => {
    await app.revocations.poll()
    if (url !== '/refresh' || method !== 'POST' || trouble.busy <= 0) return
    trouble.busy--
    return reply.code(503).header('retry-after', '1').type('application/problem+json').send('{"code":"unavailable"}')
  })
  app.addHook('onSend', async ({ url, method }, reply) => {
    if (url !== '/refresh' || method !== 'POST') return
    causes.push(reply.getHeader('signet-refresh') ?? reply.statusCode)
    if (trouble.lost-- > 0) reply.raw.destroy() // the server has acted; the answer goes nowhere
  })
  app.get('/client.js', (_request, reply) => reply.type('text/javascript').send(Buffer.from(library)))
  // Looser than pages should be: the test itself evaluates scripts in it.
  const policy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'"
  app.get('/page', (_request, reply) =>
    reply
      .headers({ 'cache-control': 'no-cache', 'content-security-policy': policy })
      .type('text/html')
      .send(html(url, 'cookie')),
  )
  await app.listen({ host: 'localhost', port })

  return { app, clock, url, causes, trouble, seen, cookiePage: `${url}/page`, bearerPage: `${at(other)}/` }
}

const at = (server: ReturnType<typeof createServer>) =>
  `http://127.0.0.1:${(server.address() as { port: number }).port}`

export async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction('window.signet')
  return page
}

/** Whether a script in the page becomes true: within a second, and on a busy machine in the end. */
export async function soon(page: Page, script: string): Promise<boolean> {
  return page.waitForFunction(script, undefined, { timeout: 30_000, polling: 20 }).then(
    () => true,
    () => false,
  )
}
