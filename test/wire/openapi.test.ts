/** The OpenAPI document is valid, complete, and there only if it was asked for. */
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { labApp } from '../helpers/lab.ts'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: Record<string, unknown>[]
  requestBody?: { required?: boolean }
  responses: Record<string, { content?: Record<string, { schema?: unknown }>; description?: string }>
}

t.test('without DOCS there is neither a page nor a document', async t => {
  const { app } = await testApp(t)
  for (const url of ['/docs', '/docs/', '/openapi.json', '/docs/json', '/docs/static/index.html']) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 404, url)
    t.match(answer.headers['content-type'], /^application\/problem\+json/)
  }
})

t.test('with DOCS the document is valid OpenAPI 3.1 and describes every operation and answer', async t => {
  const { app } = await testApp(t, { docs: true })
  const answer = await app.inject('/openapi.json')
  const document = answer.json()

  const result = await new Validator().validate(structuredClone(document))
  t.equal(result.valid, true, JSON.stringify(result.errors)?.slice(0, 2000))
  t.match(document.openapi, /^3\.1\./)

  const ids = new Set<string>()
  const schemes = new Set(Object.keys(document.components.securitySchemes))
  const tags = new Set(document.tags.map((tag: { name: string }) => tag.name))
  for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method} ${path}`
      t.ok(operation.operationId && operation.summary, `${name} is named`)
      t.ok(operation.tags?.every(tag => tags.has(tag)) && operation.tags.length > 0, `${name} is in a group`)
      t.notOk(ids.has(operation.operationId ?? ''), `${name} has an id of its own`)
      ids.add(operation.operationId ?? '')
      for (const one of operation.security ?? [])
        t.ok(
          Object.keys(one).every(scheme => schemes.has(scheme)),
          name,
        )
      for (const [status, response] of Object.entries(operation.responses)) {
        t.ok(response.description, `${name} ${status} is described`)
        const content = Object.values(response.content ?? {})
        const isEmpty = ['202', '204', '304'].includes(status) || /revoke|verify/.test(path)
        t.ok(content.length > 0 ? content.every(one => one.schema) : isEmpty, `${name} ${status} has a schema`)
      }
    }
  }
  t.ok(ids.size >= 23, `${ids.size} operations`)
})

t.test('a generated client has the public address; the page has what it was loaded from', async t => {
  for (const path of ['', '/auth']) {
    const publicUrl = `https://example.com${path}`
    const { app } = await testApp(t, { docs: true, publicUrl })
    const document = (await app.inject(`${path}/openapi.json`)).json()
    const ofPage = (await app.inject(`${path}/docs/json`)).json()
    const tokenUrl = (of: typeof document) => of.components.securitySchemes.passwordForm.flows.password.tokenUrl
    t.equal(document.servers[0].url, publicUrl)
    t.equal(tokenUrl(document), `${publicUrl}/token`)
    // Under another name, and behind a gateway that strips one more path.
    const page = `http://127.0.0.1:3000/other${path}`
    t.equal(new URL(ofPage.servers[0].url, `${page}/docs/json`).href, `${page}/`)
    t.equal(new URL(tokenUrl(ofPage), `${page}/docs/json`).href, `${page}/token`)
    const outside = path === '' ? undefined : [{ url: 'https://example.com' }]
    t.strictSame(document.paths['/verify'].get.servers, outside)
    t.strictSame(ofPage.paths['/verify'].get.servers, outside && [{ url: '/' }])
  }
})

t.test(
  'the page begins with what its steps are about, says what to press, and leads to the lab where there is one',
  async t => {
    const { app } = await testApp(t, { docs: true, accessTokenSeconds: 20 })
    const { paths, info, components } = (await app.inject('/docs/json')).json()
    t.strictSame(Object.keys(paths).slice(0, 3), ['/login', '/me', '/refresh'])
    t.equal(Object.keys(components.securitySchemes)[0], 'bearerAuth')
    t.match(info.description, 'press **Copy refresh token**')
    t.match(info.description, 'wait 20 seconds')
    t.notMatch(info.description, '/lab')
    const { app: withLab } = await labApp(t)
    t.match((await withLab.inject('/docs/json')).json().info.description, '[the lab](http://localhost:3000/lab)')
  },
)

t.test('a body is required exactly where nothing can be done without one', async t => {
  const { app } = await testApp(t, { docs: true })
  for (const url of ['/openapi.json', '/docs/json']) {
    const { paths } = (await app.inject(url)).json() as { paths: Record<string, Record<string, Operation>> }
    const optional = Object.values(paths)
      .flatMap(methods => Object.values(methods))
      .filter(({ requestBody }) => requestBody && !requestBody.required)
      .map(({ operationId }) => operationId)
    t.strictSame(optional.sort(), ['logout', 'refresh'], url)
  }
})

t.test('a logout may go without a token in its header, and the page shows nobody a closed lock', async t => {
  const { app } = await testApp(t, { docs: true })
  const logout = async (url: string): Promise<Operation> => (await app.inject(url)).json().paths['/logout'].post
  t.strictSame((await logout('/openapi.json')).security, [{ bearerAuth: [] }, { passwordForm: [] }, {}])
  t.strictSame((await logout('/docs/json')).security, [{ bearerAuth: [] }, { passwordForm: [] }])
})

t.test('the page has one address, and every other leads there, behind whatever path', async t => {
  for (const path of ['', '/auth']) {
    const { app } = await testApp(t, { docs: true, publicUrl: `https://example.com${path}` })
    const page = await app.inject(`${path}/docs`)
    t.equal(page.statusCode, 200)
    t.match(page.body, '<meta name="viewport" content="width=device-width')
    const loaded = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)]
    t.ok(loaded.length >= 5)
    for (const [, link = ''] of loaded) {
      t.equal((await app.inject(new URL(link, `https://example.com${path}/docs`).pathname)).statusCode, 200, link)
      const behind = new URL(link, `https://example.com/stripped${path}/docs`).pathname
      t.match(behind, `/stripped${path}/docs/static/`)
    }
    for (const other of [
      '/docs/',
      '/docs?x=1',
      '/docs/?x=/',
      '/docs/index.html',
      '/docs/static/',
      '/docs/static/index.html',
    ]) {
      const answer = await app.inject(`${path}${other}`)
      t.equal(answer.statusCode, 302, other)
      const seen = `https://example.com/stripped${path}`
      t.equal(new URL(String(answer.headers.location), `${seen}${other}`).href, `${seen}/docs`, other)
    }
    t.equal((await app.inject(`${path}/docs/static/swagger-ui.css`)).statusCode, 200)
  }
})

t.test('the text at /refresh is the rule, with the settings of this service', async t => {
  const text = async (settings: object): Promise<string> => {
    const { app } = await testApp(t, { docs: true, ...settings })
    return (await app.inject('/openapi.json')).json().paths['/refresh'].post.description
  }
  const calm = await text({})
  t.match(calm, 'within 30 s of the rotation')
  t.match(calm, '2 times in 24 h')
  t.notMatch(calm, 'used before ends')
  t.match(
    await text({ refreshRaceWindowSeconds: 0, refreshRetriesPerDay: 0 }),
    'A refresh token used before ends its session',
  )
  t.match(await text({ refreshRaceWindowSeconds: 0 }), 'within 0 s of the rotation', 'which is not strict yet')
})

t.test('the page may run its own scripts only, and never asks for https', async t => {
  const { app } = await testApp(t, { docs: true })
  const answer = await app.inject('/docs')
  t.equal(answer.statusCode, 200)
  const policy = String(answer.headers['content-security-policy'])
  t.match(policy, /script-src 'self'(;|$)/)
  t.notMatch(policy, /upgrade-insecure-requests|unsafe-eval|script-src[^;]*unsafe-inline/)
  t.match(policy, "frame-ancestors 'none'")
})

t.test(
  'the page keeps an authorization when it is loaded again, and asks for the address of no other document',
  async t => {
    const { app } = await testApp(t, { docs: true })
    const { body } = await app.inject('/docs/static/swagger-initializer.js')
    t.match(body, '"persistAuthorization":true')
    t.match(body, '"layout":"BaseLayout"')
  },
)
