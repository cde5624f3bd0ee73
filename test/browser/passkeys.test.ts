/** Passkeys in a real browser, with an authenticator of its own: what the options make it do, and what it will not do. */
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { testConfig } from '../helpers/app.ts'
import { startBrowser } from '../helpers/browser.ts'
import { movableClock } from '../helpers/clock.ts'
import { freePort } from '../helpers/process.ts'
import { claimsOf } from '../helpers/tokens.ts'

/** What the page's own script has. */
interface Credentials {
  create(options: { publicKey: object }): Promise<{ toJSON(): object }>
  get(options: { publicKey: object }): Promise<{ toJSON(): object }>
}
declare const PublicKeyCredential: Record<
  'parseCreationOptionsFromJSON' | 'parseRequestOptionsFromJSON',
  (json: object) => object
>
declare const navigator: { readonly credentials: Credentials }

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown> & { readonly access_token?: string }
}

/** The app with a page of its own, which is also served as another origin: on another port, and under another name. */
async function startApp(t: Test) {
  const [port, otherPort] = [await freePort(), await freePort()]
  const clock = movableClock()
  const url = `http://localhost:${port}`
  const config = testConfig({ publicUrl: url, secondFactor: 'optional', logLevel: 'silent', corsOrigins: ['*'] })
  const start = async (config: ReturnType<typeof testConfig>, port: number) => {
    const { buildApp } = await import('../../src/app.ts') // when there is a browser
    const app = await buildApp({ config, log: { write() {} }, clock, background: false })
    t.teardown(() => app.close())
    app.get('/page', (_request, reply) => reply.removeHeader('content-security-policy').type('text/html').send('<p>'))
    await app.listen({ host: 'localhost', port })
    return app
  }
  const app = await start(config, port)
  await start({ ...config, seedUsersFile: undefined }, otherPort)
  return { app, clock, url, otherPort: `http://localhost:${otherPort}`, otherName: `http://other.localhost:${port}` }
}

/** A page whose browser has an authenticator (Chrome DevTools Protocol, WebAuthn domain). */
async function openPage(context: BrowserContext, url: string, more: object = {}) {
  const page = await context.newPage()
  await page.goto(`${url}/page`)
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const usual = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const
  const options = { ...usual, isUserVerified: true, automaticPresenceSimulation: true, ...more }
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
  return { page, devtools, authenticatorId }
}

/** What a script of the page would do; the answer of an authenticator comes back as `toJSON()` has it. */
const post = (page: Page, url: string, body?: object, token?: string): Promise<Answer> =>
  page.evaluate(
    async ([url, body, token]) => {
      const headers = {
        ...(body && { 'content-type': 'application/json' }),
        ...(token && { authorization: `Bearer ${token}` }),
      }
      const response = await fetch(url, { method: 'POST', headers, ...(body && { body: JSON.stringify(body) }) })
      return { status: response.status, body: (await response.json()) as Answer['body'] }
    },
    [url, body, token] as const,
  )

/** @returns the answer, or the name of the browser's error */
const create = (page: Page, options: object) =>
  page.evaluate(async json => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(json)
    return navigator.credentials.create({ publicKey }).then(
      one => one.toJSON(),
      (error: Error) => error.name,
    )
  }, options)

const get = (page: Page, options: object) =>
  page.evaluate(async json => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(json)
    return navigator.credentials.get({ publicKey }).then(
      one => one.toJSON(),
      (error: Error) => error.name,
    )
  }, options)

async function enrolled(page: Page, url: string, username = 'maria') {
  const login = await post(page, `${url}/login`, { username, password: 'demo123' })
  const token = String(login.body.access_token)
  const options = await post(page, `${url}/me/passkeys/options`, undefined, token)
  const response = await create(page, options.body)
  const added = await post(page, `${url}/me/passkeys`, { name: 'virtual', response }, token)
  return { token, added }
}

t.test('a passkey of a browser is added, and logs in: with a password, alone, and as a copy', async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { app, clock, url } = await startApp(t)
  const { page, devtools, authenticatorId } = await openPage(context, url)
  const { added, token } = await enrolled(page, url)
  t.equal(added.status, 201, JSON.stringify(added.body))
  t.match(added.body, { name: 'virtual', synced: false })
  const again = await post(page, `${url}/me/passkeys/options`, undefined, token)
  t.equal(await create(page, again.body), 'InvalidStateError', 'one authenticator holds one')

  clock.advance(60)
  const asked = await post(page, `${url}/login`, { username: 'maria', password: 'demo123' })
  t.equal(asked.body['code'], 'second_factor_required')
  const second = { challenge: asked.body['challenge'], passkey: await get(page, asked.body['passkey'] as object) }
  const both = await post(page, `${url}/login/second-factor`, second)
  t.strictSame(claimsOf(String(both.body.access_token))['amr'], ['pwd', 'hwk', 'user', 'mfa'])
  t.equal((await post(page, `${url}/login/second-factor`, second)).status, 401, 'once')

  const options = await post(page, `${url}/login/passkey/options`)
  const assertion = await get(page, options.body)
  const alone = await post(page, `${url}/login/passkey`, { response: assertion })
  t.match(claimsOf(String(alone.body.access_token)), { sub: 'user-2', amr: ['hwk', 'user', 'mfa'] })
  t.match(await post(page, `${url}/login/passkey`, { response: assertion }), {
    status: 401,
    body: { code: 'invalid_code' },
  })

  // A key that may be copied: the browser says so when it is made, and later that it was.
  await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
  const {
    page: phone,
    devtools: ofPhone,
    authenticatorId: id,
  } = await openPage(context, url, {
    defaultBackupEligibility: true,
    defaultBackupState: false,
  })
  const hers = await enrolled(phone, url, 'thirdy')
  t.match(hers.added, { status: 201, body: { synced: false } })
  const [key] = (await ofPhone.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials
  await ofPhone.send('WebAuthn.setCredentialProperties', {
    authenticatorId: id,
    credentialId: key?.credentialId ?? '',
    backupState: true,
  })
  const copied = await get(phone, (await post(phone, `${url}/login/passkey/options`)).body)
  const login = await post(phone, `${url}/login/passkey`, { response: copied })
  t.match(claimsOf(String(login.body.access_token)), { sub: 'user-1', amr: ['swk', 'user', 'mfa'] })
  t.match(await app.passkeys.list('user-1'), [{ synced: true, lastUsedAt: clock() }])
})

t.test('a browser that does not verify its user is good for a second factor, and for no login alone', async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { url } = await startApp(t)
  const { page, devtools, authenticatorId } = await openPage(context, url)
  await enrolled(page, url)
  await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  const options = (await post(page, `${url}/login/passkey/options`)).body
  t.equal(await get(page, options), 'NotAllowedError', 'the browser refuses what the options ask for')
  const lenient = { ...options, userVerification: 'discouraged' }
  const answer = await post(page, `${url}/login/passkey`, { response: await get(page, lenient) })
  t.match(answer, { status: 401, body: { code: 'invalid_code' } }, 'and we do where the page has changed them')

  const asked = await post(page, `${url}/login`, { username: 'maria', password: 'demo123' })
  const passkey = await get(page, { ...(asked.body['passkey'] as object), userVerification: 'discouraged' })
  const both = await post(page, `${url}/login/second-factor`, { challenge: asked.body['challenge'], passkey })
  t.strictSame(claimsOf(String(both.body.access_token))['amr'], ['pwd', 'hwk', 'user', 'mfa'])
})

t.test('answers from another origin, for another RP ID or an old question are refused', async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { clock, url, otherPort, otherName } = await startApp(t)
  const { page, devtools, authenticatorId } = await openPage(context, url)
  const { added } = await enrolled(page, url)
  t.equal(added.status, 201)
  const { credentials } = await devtools.send('WebAuthn.getCredentials', { authenticatorId })
  const question = async () => (await post(page, `${url}/login/passkey/options`)).body
  const login = async (response: unknown) =>
    (await post(page, `${url}/login/passkey`, { response: response as object })).body['code']

  // The same key in a browser that shows a page of another port: the same RP ID, so the browser has nothing against it.
  const stranger = await openPage(context, otherPort)
  await addCredential(stranger.devtools, stranger.authenticatorId, { ...credentials[0] })
  t.equal(await login(await get(stranger.page, await question())), 'invalid_code', 'another origin')

  const other = await openPage(context, otherName)
  await addCredential(other.devtools, other.authenticatorId, { ...credentials[0], rpId: 'other.localhost' })
  t.equal(
    await get(other.page, { ...(await question()), rpId: 'example.com' }),
    'SecurityError',
    'the browser’s own rule',
  )
  const asOther = await get(other.page, { ...(await question()), rpId: 'other.localhost' })
  t.type(asOther, 'object', 'it signs for the page it shows')
  t.equal(await login(asOther), 'invalid_code', 'another RP ID')

  const old = await get(page, await question())
  clock.advance(300)
  t.equal(await login(old), 'invalid_code', 'an old question')
  t.equal(await login(await get(page, await question())), undefined, 'and ours is believed')
})

t.test('a question to one user is answered by nobody else', async t => {
  const context = await startBrowser(t)
  if (!context) return
  const { url } = await startApp(t)
  const { page } = await openPage(context, url)
  t.equal((await enrolled(page, url, 'thirdy')).added.status, 201)
  const { page: hers } = await openPage(context, url)
  t.equal((await enrolled(hers, url, 'maria')).added.status, 201)
  const sign = async (whose: Page, question: unknown) => {
    await whose.bringToFront() // an authenticator asks nobody who does not look
    return get(whose, question as object)
  }
  const asked = async (username: string) => (await post(page, `${url}/login`, { username, password: 'demo123' })).body
  const answer = (challenge: unknown, passkey: unknown) => {
    t.type(passkey, 'object', 'the browser has signed')
    return post(page, `${url}/login/second-factor`, { challenge, passkey } as object)
  }
  const refused = { status: 401, body: { code: 'invalid_code' } }

  const { challenge, passkey: question } = await asked('thirdy')
  t.equal(await sign(hers, question), 'NotAllowedError', 'the browser has no such key')
  const asHers = await sign(hers, { ...(question as object), allowCredentials: [] })
  t.match(await answer(challenge, asHers), refused, 'his question, her key')

  const [his, other] = [await asked('thirdy'), await asked('maria')]
  t.match(await answer(his['challenge'], await sign(hers, other['passkey'])), refused, 'his login, her answer')
  t.match(await answer(other['challenge'], await sign(page, his['passkey'])), refused, 'her login, his answer')

  const last = await asked('maria')
  t.equal((await answer(last['challenge'], await sign(hers, last['passkey']))).status, 200, 'and each their own')
})

function addCredential(devtools: CDPSession, authenticatorId: string, credential: object) {
  return devtools.send('WebAuthn.addCredential', { authenticatorId, credential: credential as never })
}
