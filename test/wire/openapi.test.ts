/** The OpenAPI document is valid, complete, and there only if it was asked for. */
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import { testApp } from '../helpers/app.ts'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: Record<string, unknown>[]
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
        const isEmpty = ['204', '304'].includes(status) || /revoke|verify/.test(path)
        t.ok(content.length > 0 ? content.every(one => one.schema) : isEmpty, `${name} ${status} has a schema`)
      }
    }
  }
  t.ok(ids.size >= 23, `${ids.size} operations`)
})

t.test('servers and token URL are relative, so that a gateway may strip a path', async t => {
  const { app } = await testApp(t, { docs: true })
  const document = (await app.inject('/openapi.json')).json()
  const ofPage = (await app.inject('/docs/json')).json()
  const base = 'https://example.com/auth'
  t.equal(new URL(document.servers[0].url, `${base}/openapi.json`).href, `${base}/`)
  t.equal(new URL(ofPage.servers[0].url, `${base}/docs/json`).href, `${base}/`)
  const { tokenUrl } = document.components.securitySchemes.passwordForm.flows.password
  t.equal(new URL(tokenUrl, `${base}/openapi.json`).href, `${base}/token`)
})

t.test('the page may run its own scripts only, and never asks for https', async t => {
  const { app } = await testApp(t, { docs: true })
  const answer = await app.inject('/docs/')
  t.equal(answer.statusCode, 200)
  const policy = String(answer.headers['content-security-policy'])
  t.match(policy, /script-src 'self'(;|$)/)
  t.notMatch(policy, /upgrade-insecure-requests|unsafe-eval|script-src[^;]*unsafe-inline/)
})
