import t from 'tap'
import type { AccessClaims } from '../../src/tokens/access-token.ts'
import { identityHeaders } from '../../src/wire/identity-headers.ts'

const claims = { sub: 'u', username: 'ana', email: null, role: 'user', sid: 's', exp: 1 } as AccessClaims
const emailOf = (email: string | null) => identityHeaders({ ...claims, email })['x-auth-email']

t.test('nobody is a hyphen, whoever is called so is not nobody, and the rest is visible ASCII', async t => {
  t.strictSame([null, '', '-', '--', '%'].map(emailOf), ['-', '-', '%2D', '--', '%25'])
  t.equal(emailOf('josé ~!@example.com'), 'jos%C3%A9%20~!@example.com')
  t.equal(emailOf('a\r\nx: y'), 'a%0D%0Ax:%20y')
  t.equal(emailOf('\ud800'), '%EF%BF%BD', 'what no encoding has a form for is no error of ours')
})

t.test('an address is told once it is proven; a token of before, which does not say, is believed', async t => {
  const told = (proven: object) => identityHeaders({ ...claims, email: 'ana@example.com', ...proven })['x-auth-email']
  t.equal(told({ email_verified: false }), '-')
  t.equal(told({ email_verified: true }), 'ana@example.com')
  t.equal(told({}), 'ana@example.com')
})
