/** One path, one method, one spelling: nothing gets around a limit or a guard. */
import t from 'tap'
import { isProblem, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'

const { app } = await testApp(t)

const good = JSON.stringify({ username: 'thirdy', password: 'demo123' })

t.test('tokens are given by POST only, and only at the one spelling of a path', async t => {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const) {
    for (const url of ['/login', '/token', '/refresh', '/logout']) {
      const answer = await app.inject({
        method: method as 'GET',
        url: `${url}?grant_type=password&username=thirdy&password=demo123`,
        headers: { 'content-type': json },
      })
      t.equal(answer.statusCode, 404, `${method} ${url}`)
    }
  }
  const paths = ['/login/', '//login', '/LOGIN', '/login;x', '/login%2f', '/login%00', '/login.json']
  for (const url of paths) isProblem(t, await post(app, url, json, good), 404, 'not_found', url)
  isProblem(t, await post(app, '/nowhere', json, '{'), 404, 'not_found', 'a broken body at an unknown path')
})

t.test('another spelling of a path that is served has the same limit and the same guard', async t => {
  const { app: limited } = await testApp(t, { loginLimitPerIp: 1 })
  t.equal((await post(limited, '/login', json, good)).statusCode, 200)
  isProblem(t, await post(limited, '/%6cogin', json, good), 429, 'too_many_attempts', '/%6cogin')
  isProblem(t, await post(limited, '/login?x=1', json, good), 429, 'too_many_attempts', '/login?x=1')
  isProblem(t, await app.inject({ url: '/%6de' }), 401, 'missing_token', '/%6de')
})

t.test('an id of any length is an id, and the guard of its route stands before it', async t => {
  for (const length of [100, 101, 5_000]) {
    for (const path of ['/users', '/sessions']) {
      isProblem(
        t,
        await app.inject({ method: 'DELETE', url: `${path}/${'x'.repeat(length)}` }),
        401,
        'missing_token',
        path,
      )
    }
  }
})
