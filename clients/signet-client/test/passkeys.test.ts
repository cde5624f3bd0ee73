/** Passkeys, in a browser with an authenticator of its own; and that they are in the way of nothing else. */
import { brotliCompressSync } from 'node:zlib'
import { buildSync } from 'esbuild'
import t from 'tap'
import { buildApp } from '../../../src/app.ts'
import { testConfig } from '../../../test/helpers/app.ts'
import { startBrowser } from '../../../test/helpers/browser.ts'
import { movableClock } from '../../../test/helpers/clock.ts'
import { freePort } from '../../../test/helpers/process.ts'
import { createSignetWithPasskeys, type SignetWithPasskeys } from '../src/passkeys.ts'
import { hasher } from './setup.ts'

const library = buildSync({
  entryPoints: [`${import.meta.dirname}/../src/passkeys.ts`],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  write: false,
}).outputFiles[0]!.contents

t.test('minified and compressed it is 3.5 kB with all it needs', async t => {
  const size = brotliCompressSync(library).length
  t.ok(size <= 3500, `${size} bytes`)
})

t.test('what a page itself sends goes out as it is, whatever it is', async t => {
  const sent: unknown[] = []
  const send: typeof fetch = async (input, init) => {
    sent.push(input, init?.body)
    return Response.json({})
  }
  const signet = createSignetWithPasskeys({ url: 'https://auth.example', mode: 'cookie', fetch: send })
  const bytes = new TextEncoder().encode('{"username":"maria"')
  const texts = ['a note', '', 'null', '1', '"x"', '[]', '{"username":"maria","mode":"dark"}', '{"username":null}']
  const bodies = [...texts, new FormData(), new URLSearchParams('a=b'), new Blob([bytes]), bytes, bytes.buffer, null]
  for (const url of ['https://auth.example/notes', 'https://other.example/']) {
    for (const body of bodies) {
      sent.length = 0
      await signet.fetch(url, { method: 'POST', body })
      t.ok(sent[0] === url && sent[1] === body, String(body))
    }
  }
})

for (const mode of ['bearer', 'cookie'] as const) {
  t.test(
    `in a browser, ${mode} mode: a passkey is added, logs in alone and after a password, confirms, and is removed`,
    async t => {
      const context = await startBrowser(t)
      if (!context) return
      const port = await freePort()
      const url = `http://localhost:${port}`
      const clock = movableClock()
      const config = testConfig({ publicUrl: url, secondFactor: 'optional', logLevel: 'silent' })
      const app = await buildApp({ config, log: { write() {} }, clock, background: false, hasher })
      t.teardown(() => app.close())
      app.get('/client.js', (_request, reply) => reply.type('text/javascript').send(Buffer.from(library)))
      app.get('/page', (_request, reply) => reply.removeHeader('content-security-policy').type('text/html').send(page))
      await app.listen({ host: 'localhost', port })

      const tab = await context.newPage()
      await tab.goto(`${url}/page?${mode}`)
      const devtools = await context.newCDPSession(tab)
      await devtools.send('WebAuthn.enable')
      const usual = {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
      } as const
      const options = { ...usual, isUserVerified: true, automaticPresenceSimulation: true }
      await devtools.send('WebAuthn.addVirtualAuthenticator', { options })

      await tab.evaluate(() => signet.login('maria', 'demo123'))
      t.match(await tab.evaluate(() => signet.addPasskey('this one')), { name: 'this one', synced: false })
      await tab.evaluate(() => signet.logout())
      t.match(await tab.evaluate(() => signet.loginWithPasskey()), { username: 'maria' })
      t.match(await tab.evaluate(() => signet.passkeys()), [{ name: 'this one' }])
      await tab.evaluate(() => signet.logout())

      const user = await tab.evaluate(() =>
        signet.login('maria', 'demo123').catch(error => signet.answerWithPasskey(error)),
      )
      t.match(user, { username: 'maria' })
      clock.advance(600)
      const refused = await tab.evaluate(() => signet.removePasskey('x').catch(error => error.code))
      t.equal(refused, 'fresh_login_required')
      await tab.evaluate(() => signet.confirmWithPasskey())
      await tab.evaluate(async () => signet.removePasskey((await signet.passkeys())[0]!.id))
      t.strictSame(await tab.evaluate(() => signet.passkeys()), [])
    },
  )
}

declare const signet: SignetWithPasskeys

const page = `<!doctype html><title>A page</title><script type="module">
  import { createSignetWithPasskeys } from '/client.js'
  window.signet = createSignetWithPasskeys({ url: '/', mode: location.search.slice(1) })
</script>`
