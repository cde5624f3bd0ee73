/** The link of a forgotten password: what it dies with, what it outlives, and that nothing like it is one. */
import t from 'tap'
import { newSecret } from '../helpers/tokens.ts'
import { withMaria } from './with-maria.ts'

const newPassword = 'a new sentence of mine'

t.test('a link dies with its half hour, with any other change of the password, and with the address', async t => {
  const { app, later, post, tokenTo, logIn } = await withMaria(t)
  const ask = async () => {
    await post('/password/forgot', { username: 'maria' })
    return tokenTo('maria@example.com')
  }
  const use = async (token: string) => (await post('/password/reset', { token, new_password: newPassword })).statusCode

  const late = await ask()
  await later(1800)
  t.equal(await use(late), 400)

  const beforeChange = await ask()
  await app.users.change('user-2', { password: 'set by somebody' }, { by: 'a test' })
  t.equal(await use(beforeChange), 400)

  const toOld = await ask()
  await app.users.change('user-2', { email: 'other@example.com' }, { by: 'a test' })
  await app.users.change('user-1', { email: 'maria@example.com' }, { by: 'a test' })
  t.equal(await use(toOld), 400, 'and is no link to the account that has the address now')
  await logIn('maria', 'set by somebody')
  await logIn('thirdy', 'demo123')
})

t.test('whatever is changed of a token, it is no link', async t => {
  const { app, post, tokenTo } = await withMaria(t)
  await post('/password/forgot', { username: 'maria' })
  const token = await tokenTo('maria@example.com')
  const [row = '', mac = ''] = token.split('.')
  const flipped = (text: string) => `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}`
  const wrong = [
    `${flipped(row)}.${mac}`,
    `${row}.${flipped(mac)}`,
    row,
    `${row}.`,
    `.${mac}`,
    `${token}=`,
    `${token} `,
    'x',
    `${row}.${mac}.${mac}`,
  ]
  for (const one of wrong) {
    const { statusCode, body } = await post('/password/reset', { token: one, new_password: newPassword })
    t.equal(statusCode, 400, one)
    t.match(body, 'invalid_link')
  }
  const verified = await post('/email/verify', { token })
  t.equal(verified.json().code, 'invalid_link', 'nor is it one for another purpose')
  const refused = await post('/password/reset', { token, new_password: 'short' })
  t.match(refused.json(), { code: 'invalid_request', errors: [{ pointer: '/new_password' }] })
  for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
    await app.inject({ method, url: `/password/reset?token=${token}` })
  }
  t.equal(
    (await post('/password/reset', { token, new_password: newPassword })).statusCode,
    204,
    'none of which spends it',
  )
})

t.test('of many uses of a link at once one sets the password', async t => {
  const { post, tokenTo } = await withMaria(t)
  await post('/password/forgot', { username: 'maria' })
  const token = await tokenTo('maria@example.com')
  const uses = await Promise.all(
    Array.from({ length: 8 }, (_, i) => post('/password/reset', { token, new_password: `${newPassword} ${i}` })),
  )
  t.strictSame(uses.map(({ statusCode }) => statusCode).toSorted(), [204, ...Array(7).fill(400)])
})

t.test('a link outlives the secret it was made with as long as that one is a fallback', async t => {
  const [first, second] = [newSecret(), newSecret()]
  const { app, post, tokenTo } = await withMaria(t, { secrets: [first] })
  await post('/password/forgot', { username: 'maria' })
  const token = await tokenTo('maria@example.com')
  const { createMailLinks } = await import('../../src/mail/links.ts')
  const found = await app.stores.mails.find(token.slice(0, 22))
  if (!found) throw new Error('no row')
  const isLink = (secrets: [string, ...string[]]) =>
    createMailLinks(secrets, app.stores.salt).isTokenOf(token, found.mail, found.user)
  t.equal(isLink([second, first]), true)
  t.equal(isLink([second]), false)
})
