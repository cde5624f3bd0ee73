/** Over HTTP an administrator is always left (409 `last_admin`); the command line may do as it likes. */
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'

async function asAdmin(test: Parameters<typeof testApp>[0]) {
  const service = await testApp(test)
  const authorization = `Bearer ${(await service.logIn()).access_token}`
  const admin = (method: 'PATCH' | 'DELETE', id: string, body?: object) =>
    service.app.inject({ method, url: `/users/${id}`, headers: { authorization }, ...(body && { body }) })
  return { ...service, admin }
}

t.test('the last enabled administrator cannot demote, disable or delete himself', async t => {
  const { app, admin, logIn } = await asAdmin(t)
  await app.users.change('user-2', { role: 'admin', disabled: true }, {})
  for (const [method, body] of [
    ['PATCH', { role: 'user' }],
    ['PATCH', { disabled: true }],
    ['PATCH', { role: 'editor', disabled: true, email: 'x@example.com' }],
    ['DELETE'],
  ] as const) {
    isProblem(t, await admin(method, 'user-1', body), 409, 'last_admin', JSON.stringify(body ?? method))
  }
  t.match((await app.users.get('user-1')).email, null, 'a refused change changes nothing')
  t.equal((await admin('PATCH', 'user-1', { email: 'thirdy@example.com', role: 'admin' })).statusCode, 200)
  await logIn()

  t.equal((await admin('PATCH', 'user-2', { disabled: false })).statusCode, 200)
  t.equal((await admin('DELETE', 'user-1')).statusCode, 204, 'now there is another one')
})

t.test('two who demote each other at once: one is refused', async t => {
  const { app, admin, logIn } = await asAdmin(t)
  await app.users.change('user-2', { role: 'admin' }, {})
  const authorization = `Bearer ${(await logIn('maria')).access_token}`
  const body = { role: 'user' }
  const answers = await Promise.all([
    admin('PATCH', 'user-2', body),
    app.inject({ method: 'PATCH', url: '/users/user-1', headers: { authorization }, body }),
  ])
  t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [200, 409])
})

t.test('without HTTP the last one can go', async t => {
  const { app } = await testApp(t)
  await app.users.change('user-1', { role: 'user' }, { by: 'command line' })
  await app.users.delete('user-1', { by: 'command line' })
  t.equal((await app.users.list({ limit: 9 })).items.length, 1)
})
