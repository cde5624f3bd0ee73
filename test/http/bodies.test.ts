/** Bodies are read strictly: JSON in UTF-8 (RFC 8259), of the types a route has, and nothing is bent into shape. */
import t from 'tap'
import { form, isOAuthError, isProblem, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { claimsOf } from '../helpers/tokens.ts'

const { app, logIn } = await testApp(t, { loginFreeFailures: 0 })

const credentials = { username: 'thirdy', password: 'demo123' }
const good = JSON.stringify(credentials)

t.test('JSON is not bent into shape: other types, unknown and missing members are 400 with a pointer', async t => {
  const without = (member: string) => ({ ...credentials, [member]: undefined })
  const others = [123, true, null, [], ['thirdy'], {}, { $ne: '' }, { $gt: '' }, '']
  const wrong: [object, string][] = [
    ...others.map((value): [object, string] => [{ ...credentials, username: value }, '/username']),
    ...others.map((value): [object, string] => [{ ...credentials, password: value }, '/password']),
    ...['x', 'grant_type', 'Username', 'role', 'prototype', 'a/b'].map((member): [object, string] => {
      return [{ ...credentials, [member]: 'admin' }, `/${member.replace('/', '~1')}`]
    }),
    [without('username'), '/username'],
    [without('password'), '/password'],
  ]
  for (const [body, pointer] of wrong) {
    const answer = await post(app, '/login', json, JSON.stringify(body))
    isProblem(t, answer, 400, 'invalid_request', JSON.stringify(body))
    t.strictSame(
      answer.json().errors.map((mistake: { pointer: string }) => mistake.pointer),
      [pointer],
    )
    t.notOk(answer.body.includes('demo123'))
  }
  const all = (await post(app, '/login', json, '{"username":5,"mode":"x","role":"admin"}')).json().errors
  const pointers = new Set(all.map((mistake: { pointer: string }) => mistake.pointer))
  t.strictSame([...pointers].toSorted(), ['/mode', '/password', '/role', '/username'], 'every mistake is told')
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`member${i}`, 1]))
  t.equal((await post(app, '/login', json, JSON.stringify(many))).json().errors.length, 20, 'of very many some')
  isProblem(t, await post(app, '/refresh', json, '{}'), 400, 'invalid_request', 'no token')
  for (const body of [{ refresh_token: 5 }, { refresh_token: '' }, { refresh_token: 'x', token: 'x' }, []]) {
    isProblem(t, await post(app, '/refresh', json, JSON.stringify(body)), 400, 'invalid_request', JSON.stringify(body))
    isProblem(t, await post(app, '/logout', json, JSON.stringify(body)), 400, 'invalid_request', JSON.stringify(body))
  }
})

t.test('what is not a JSON object in UTF-8 is 400 and says nothing of its content', async t => {
  const broken = [
    '{',
    '{]',
    'demo123',
    "{'username':'thirdy'}",
    `${good}x`,
    `${good}${good}`,
    '{"username":NaN}',
    '\0',
    good.slice(1),
  ]
  const notObjects = ['[]', 'null', '"thirdy"', '1', 'true', `[${good}]`]
  const poisoned = ['"__proto__":{"admin":true}', '"constructor":{"prototype":{"admin":true}}', '"\\u005f_proto__":{}']
  const bytes = [
    Buffer.from([0x7b, 0xff, 0x7d]),
    Buffer.from(good, 'utf16le'),
    Buffer.from(good.replace('demo123', 'demo\xff'), 'latin1'),
  ]
  const noJson = [...broken, ...poisoned.map(member => `${good.slice(0, -1)},${member}}`)]
  for (const body of noJson) {
    const { errors } = (await post(app, '/login', json, body)).json()
    t.strictSame(errors, [{ pointer: '', detail: 'must be JSON' }], JSON.stringify(body))
  }
  const bodies = [...noJson, ...notObjects, ...bytes]
  for (const body of [...bodies, '['.repeat(16_000), `{"a":`.repeat(3000)]) {
    const answer = await post(app, '/login', json, body)
    isProblem(
      t,
      answer,
      400,
      'invalid_request',
      body
        .toString('latin1')
        .slice(0, 60)
        .replace(/[^ -~]/g, '?'),
    )
    t.notOk(answer.body.includes('thirdy') || answer.body.includes('demo123'))
  }
  t.equal(({} as { admin?: boolean }).admin, undefined, 'Object.prototype is as it was')
})

t.test('no body at all is 400, and where a body is optional an empty one is none', async t => {
  for (const type of [json, undefined])
    isProblem(t, await post(app, '/login', type, ''), 400, 'invalid_request', String(type))
  isProblem(t, await app.inject({ method: 'POST', url: '/refresh' }), 400, 'invalid_request', '/refresh')
  isOAuthError(t, await post(app, '/login', form, ''), 'invalid_request', 'Request is not valid', '/login')
  isOAuthError(t, await post(app, '/token', form, ''), 'invalid_request', 'Request is not valid', '/token')

  for (const [method, url] of [
    ['POST', '/logout'],
    ['POST', '/logout/all'],
    ['DELETE', '/sessions/own'],
  ] as const) {
    for (const type of [json, form]) {
      const { access_token: token } = await logIn('maria')
      const headers = { authorization: `Bearer ${token}`, 'content-type': type, 'content-length': '0' }
      const answer = await app.inject({ method, url: url.replace('own', String(claimsOf(token)['sid'])), headers })
      t.equal(answer.statusCode, url === '/logout/all' ? 200 : 204, `${url} ${type}: ${answer.body}`)
    }
  }
})

t.test('a body with a content coding is 415, whatever it would be without', async t => {
  for (const coding of ['gzip', 'GZIP', 'deflate', 'br', 'x-gzip', 'identity, gzip', 'gzip,']) {
    const headers = { 'content-type': json, 'content-encoding': coding }
    const answer = await app.inject({ method: 'POST', url: '/login', headers, body: good })
    isProblem(t, answer, 415, 'unsupported_media_type', coding)
  }
})

t.test('only the media types of a route are read, however they are spelled and whatever charset they name', async t => {
  const accepted = [
    'application/json;charset=utf-8',
    'APPLICATION/JSON',
    'application/json ; charset="UTF-8"',
    'application/json; charset=utf8',
    'application/json; charset=utf-16',
    'application/json;charset=iso-8859-1',
    'application/json; charset=none; charset=latin1',
  ]
  const spaced = [
    'application/json\t',
    ' application/json',
    'application/json ',
    'application/json;',
    'application/json; charset=us-ascii',
  ]
  for (const type of [...accepted, ...spaced]) {
    t.equal((await post(app, '/login', type, good)).statusCode, 200, type)
    isProblem(t, await post(app, '/login', type, '{"username":1}'), 400, 'invalid_request', `${type} with another body`)
  }
  const others = [
    'text/plain',
    'text/json',
    'application/vnd.api+json',
    'application/problem+json',
    'multipart/form-data; boundary=x',
  ]
  const nearly = [
    'application/json\ta',
    'application/json a',
    'application/jsonx',
    'xapplication/json',
    'json',
    '*/*',
    '',
    ';',
    '/',
  ]
  const lists = ['application/json, text/plain', `${json}, ${form}`]
  for (const type of [...others, ...nearly, ...lists, undefined]) {
    for (const url of ['/login', '/token', '/refresh', '/logout']) {
      isProblem(t, await post(app, url, type, good), 415, 'unsupported_media_type', `${url} ${type}`)
    }
  }
  isProblem(t, await post(app, '/token', json, good), 415, 'unsupported_media_type', '/token takes no JSON')
  for (const url of ['/refresh', '/logout']) {
    isProblem(t, await post(app, url, form, 'refresh_token=x'), 415, 'unsupported_media_type', `${url} takes no form`)
  }
})

t.test('a body is at most 16 KiB', async t => {
  const sized = (bytes: number) => JSON.stringify({ ...credentials, password: 'x'.repeat(bytes - good.length + 7) })
  t.equal(sized(16_384).length, 16_384)
  isProblem(t, await post(app, '/login', json, sized(16_384)), 401, 'invalid_credentials', '16 KiB')
  isProblem(t, await post(app, '/login', json, sized(16_385)), 413, 'too_large', 'a byte more')
  isProblem(
    t,
    await post(app, '/login', form, `username=thirdy&password=x&x=${'x'.repeat(16_384)}`),
    413,
    'too_large',
    'a form',
  )
})

t.test('an attack on a query language is a wrong password like any other', async t => {
  const attacks = [
    "' OR '1'='1",
    "thirdy'--",
    '"; DROP TABLE users; --',
    '*)(uid=*))(|(uid=*',
    "' || sleep(5) || '",
    '%',
    '_hirdy',
  ]
  for (const attack of attacks) {
    for (const body of [
      { ...credentials, username: attack },
      { ...credentials, password: attack },
    ]) {
      const answer = await post(app, '/login', json, JSON.stringify(body))
      isProblem(t, answer, 401, 'invalid_credentials', attack)
    }
  }
})
