/** Every error in the OpenAPI document is one that the operation gives, word for word, and every one it gives is there. */
import { STATUS_CODES } from 'node:http'
import type { InjectOptions } from 'fastify'
import t from 'tap'
import { errors } from '../../src/base/errors.ts'
import { testApp } from '../helpers/app.ts'
import { memoryMail } from '../helpers/mail.ts'

interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly code: keyof typeof errors
  readonly errors?: unknown
}
interface Answer extends Partial<Problem> {
  readonly error_description?: string
}
interface Operation {
  readonly responses: Record<string, Response>
  readonly security?: readonly object[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>
}
interface Response {
  readonly content?: Record<string, { readonly examples?: Record<string, { readonly value: Problem }> }>
}

/** Without what depends on the mistake that was made: which of them it is stands behind the detail of a form. */
function fixed({ errors: mistakes, error_description: description, ...others }: Answer): Answer {
  const [text] = description?.split(':') ?? []
  return { ...others, ...(mistakes !== undefined && { errors: 'some' }), ...(text && { error_description: text }) }
}

const urlOf = (path: string) => path.replace(/\{\w+\}/, 'user-2')

const secret = 'a'.repeat(40)
const settings = { docs: true, resourceServers: new Map([['shop', secret]]) }
const problemType = 'application/problem+json'

const open = { ...settings, mail: memoryMail, secondFactor: 'optional', registrationIsOpen: true } as const
const { app, clock, logIn } = await testApp(t, open)
const document: Document = (await app.inject('/openapi.json')).json()
const operations = Object.entries(document.paths).flatMap(([path, ofPath]) =>
  Object.entries(ofPath).map(([name, operation]) => ({ method: name.toUpperCase() as 'GET', path, operation })),
)

t.test('each example says its own status, title, code and detail; together they are the whole table', async t => {
  const told = new Set<string>()
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (/^[23]/.test(status)) continue
        for (const [type, { examples = {} }] of Object.entries(content)) {
          const name = `${method} ${path} ${status} ${type}`
          t.not(Object.keys(examples).length, 0, `${name} has examples`)
          if (type !== problemType) continue
          for (const [code, { value }] of Object.entries(examples)) {
            told.add(code)
            t.match(String(value.status), new RegExp(`^${status.replace('XX', '..')}$`), name)
            t.equal(value.title, STATUS_CODES[value.status], name)
            t.equal(value.code, code, name)
            t.equal(value.detail, errors[value.code].detail, name)
            if (status !== '4XX') t.equal(value.status, errors[value.code].status, name)
          }
        }
      }
    }
  }
  // A form is told of it otherwise: RFC 6749 section 5.2.
  t.strictSame(
    [...told].sort(),
    Object.keys(errors)
      .filter(code => code !== 'unsupported_grant_type' && code !== 'mfa_required')
      .sort(),
  )
})

t.test('what an operation answers is among its examples', async t => {
  const { app, clock, logIn } = await testApp(t, { ...settings, accountDeletion: false })
  const document: Document = (await app.inject('/openapi.json')).json()
  const [admin, maria, ended] = [await logIn(), await logIn('maria'), await logIn('maria')]
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const body = (given: object): InjectOptions => ({ body: given })
  const form = (text: string, headers = {}): InjectOptions => ({
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: text,
  })
  const basic = { authorization: `Basic ${Buffer.from(`shop:${secret}x`).toString('base64')}` }
  const cookie = { headers: { cookie: `__Host-signet_access=${maria.access_token}` } }
  await app.inject({ method: 'POST', url: '/logout', ...bearer(ended.access_token) })

  async function expect(code: string, operation: string, options: InjectOptions = {}, url?: string): Promise<void> {
    const [method = '', path = ''] = operation.split(' ')
    const answer = await app.inject({ method: method as 'GET', url: url ?? path, ...options })
    const response = document.paths[path]?.[method.toLowerCase()]?.responses[answer.statusCode]
    const type = String(answer.headers['content-type']).split(';')[0] ?? ''
    const example = response?.content?.[type]?.examples?.[code]?.value
    t.strictSame(fixed(answer.json()), example && fixed(example), `${operation}: ${code} as ${type}`)
  }

  const wrong = { username: 'maria', password: 'wrong' }
  await expect('invalid_credentials', 'POST /login', body(wrong))
  await expect('invalid_request', 'POST /login', body({}))
  await expect('cross_site', 'POST /login', body({ ...wrong, mode: 'cookie' }))
  await expect('too_large', 'POST /login', body({ ...wrong, password: 'x'.repeat(20_000) }))
  await expect('unsupported_media_type', 'POST /login', { headers: { 'content-type': 'text/plain' }, body: 'x' })
  await expect('invalid_credentials', 'POST /login', form('username=maria&password=wrong'))
  await expect('unsupported_grant_type', 'POST /login', form('username=maria&password=x&grant_type=x'))
  await expect('invalid_credentials', 'POST /token', form('grant_type=password&username=maria&password=wrong'))
  await expect('invalid_request', 'POST /token', form('grant_type=refresh_token'))
  await expect('unsupported_grant_type', 'POST /token', form('grant_type=client_credentials'))
  for (const [code, token] of [
    ['refresh_token_required', maria.access_token],
    ['invalid_token', 'eyJ'],
    ['token_revoked', ended.refresh_token],
  ] as const) {
    await expect(code, 'POST /token', form(`grant_type=refresh_token&refresh_token=${token}`))
    await expect(code, 'POST /refresh', body({ refresh_token: token }))
  }
  await expect('invalid_request', 'POST /refresh')
  await expect('invalid_client', 'POST /introspect', form('token=x', basic))
  await expect('invalid_client', 'POST /introspect', { headers: basic })
  const right = { authorization: `Basic ${Buffer.from(`shop:${secret}`).toString('base64')}` }
  await expect('invalid_request', 'POST /introspect', form('x=y', right))
  const text = { headers: { ...right, 'content-type': 'text/plain' }, body: 'x' }
  await expect('unsupported_media_type', 'POST /introspect', text)
  await expect('invalid_request', 'POST /revoke', form('x=y'))
  await expect('missing_token', 'POST /logout')
  await expect('invalid_token', 'POST /logout', bearer('eyJ'))
  await expect('cross_site', 'POST /logout', cookie)
  await expect('cross_site', 'PUT /me/password', cookie)
  await expect('cross_site', 'DELETE /sessions/{id}', cookie, '/sessions/x')
  await expect('cross_site', 'POST /users/{id}/logout', cookie, '/users/x/logout')
  await expect('registration_closed', 'POST /register', body(wrong))
  for (const path of ['/me', '/sessions', '/users', '/verify']) {
    await expect('missing_token', `GET ${path}`)
    await expect('invalid_token', `GET ${path}`, bearer('eyJ'))
    await expect('access_token_required', `GET ${path}`, bearer(maria.refresh_token))
    await expect('token_revoked', `GET ${path}`, bearer(ended.access_token))
  }
  const step = { challenge: 'x', code: '123456' }
  await expect('invalid_code', 'POST /login/second-factor', body(step))
  await expect('cross_site', 'POST /login/second-factor', body({ ...step, mode: 'cookie' }))
  await expect('second_factor_off', 'POST /me/totp', bearer(maria.access_token))
  await expect('invalid_code', 'POST /me/confirm', { ...bearer(maria.access_token), body: { code: '123456' } })
  await expect('not_found', 'DELETE /me/totp', bearer(maria.access_token))
  await expect('not_found', 'POST /me/recovery-codes', bearer(maria.access_token))
  await expect('cross_site', 'POST /me/recovery-codes', cookie)
  await expect('not_found', 'DELETE /users/{id}/factors', bearer(admin.access_token), '/users/user-2/factors')
  await expect('admin_required', 'GET /users', bearer(maria.access_token))
  await expect('admin_required', 'GET /verify', bearer(maria.access_token), '/verify?role=admin')
  await expect('role_required', 'GET /verify', bearer(maria.access_token), '/verify?role=editor')
  await expect('invalid_request', 'GET /verify', bearer(maria.access_token), '/verify?rôle=x')
  await expect('invalid_request', 'GET /sessions', bearer(maria.access_token), '/sessions?limit=0')
  await expect('not_found', 'DELETE /sessions/{id}', bearer(maria.access_token), '/sessions/x')
  await expect('not_found', 'GET /users/{id}', bearer(admin.access_token), '/users/x')
  await expect('last_admin', 'DELETE /users/{id}', bearer(admin.access_token), '/users/user-1')
  const taken = { username: 'maria', password: 'a long sentence of hers' }
  await expect('taken', 'POST /users', { ...bearer(admin.access_token), body: taken })
  const change = { current_password: 'wrong', new_password: 'a long sentence of hers' }
  await expect('invalid_credentials', 'PUT /me/password', { ...bearer(maria.access_token), body: change })
  await expect('mail_off', 'PATCH /me/account', { ...bearer(maria.access_token), body: { email: 'm@example.com' } })
  await expect('taken', 'PATCH /me/account', { ...bearer(maria.access_token), body: { username: 'thirdy' } })
  await expect('deletion_off', 'DELETE /me/account', bearer(maria.access_token))
  const confirm = { current_password: 'wrong' }
  await expect('invalid_credentials', 'POST /me/confirm', { ...bearer(maria.access_token), body: confirm })
  await expect('stronger_login_required', 'GET /verify', bearer(maria.access_token), '/verify?amr=mfa')
  clock.advance(301)
  await expect('fresh_login_required', 'GET /verify', bearer(maria.access_token), '/verify?max_age=300')
  const renamed = { ...bearer(maria.access_token), body: { username: 'ana' } }
  await expect('fresh_login_required', 'PATCH /me/account', renamed)
  clock.advance(599)
  await expect('token_expired', 'GET /me', bearer(maria.access_token))
})

t.test('what takes JSON takes 16 kB of it and nothing else, whoever sends it', async t => {
  const authorization = `Bearer ${(await logIn()).access_token}`
  const readers = operations.filter(({ operation }) => operation.requestBody?.content['application/json'])
  t.ok(readers.length >= 10, `${readers.length} of them`)
  for (const { method, path } of readers) {
    for (const [code, type, body] of [
      ['too_large', 'application/json', `{"x":"${'x'.repeat(20_000)}"}`],
      ['unsupported_media_type', 'text/plain', 'x'],
      ['invalid_request', 'application/json', '{"colour":"red"}'],
    ] as const) {
      const headers = { authorization, 'content-type': type }
      const answer = await app.inject({ method, url: urlOf(path), headers, body })
      t.equal(answer.json().code, code, `${method} ${path}`)
    }
  }
})

t.test('what needs an access token takes nothing else for one, and tells what was wrong with it', async t => {
  const [good, ended] = [await logIn(), await logIn()]
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  await app.inject({ method: 'POST', url: '/logout', headers: bearer(ended.access_token) })
  const needy = operations.filter(({ operation: { security = [] } }) =>
    security.some((one, _i, all) => 'bearerAuth' in one && all.every(way => Object.keys(way).length > 0)),
  )
  t.ok(needy.length >= 25, `${needy.length} of them`)

  async function expect(code: string, headers: Record<string, string>): Promise<void> {
    for (const { method, path, operation } of needy) {
      if (code === 'cross_site' && method === 'GET') continue
      const body = operation.requestBody && { body: {} }
      const answer = await app.inject({ method, url: urlOf(path), headers, ...body })
      t.equal(answer.json().code, code, `${method} ${path}`)
    }
  }
  await expect('missing_token', {})
  await expect('invalid_token', bearer('eyJ'))
  await expect('access_token_required', bearer(good.refresh_token))
  await expect('token_revoked', bearer(ended.access_token))
  await expect('cross_site', { cookie: `__Host-signet_access=${good.access_token}` })
  clock.advance(900)
  await expect('token_expired', bearer(good.access_token))
})
