/** What only second factors need is loaded when the first is used, and by nobody else. */
import { registerHooks } from 'node:module'
import t from 'tap'

const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    asked.add(specifier)
    return next(specifier, context)
  },
})
const { testApp } = await import('../helpers/app.ts')
const { asUser } = await import('../helpers/authenticator.ts')
const { createAuthenticator } = await import('../helpers/passkey.ts')

const library = '@simplewebauthn/server'

t.test(
  'the library of passkeys comes with the first answer of one, the one of QR codes with the first of them',
  async t => {
    const service = await testApp(t, { secondFactor: 'optional' })
    const ask = asUser(service, (await service.logIn('maria')).access_token)
    const options = (await ask('POST', '/me/passkeys/options')).json()
    await service.app.inject({ method: 'POST', url: '/login/passkey/options' })
    t.ok(asked.has('fastify'), 'it is seen what is loaded')
    t.notOk(asked.has(library), 'a question needs no library')
    t.notOk(asked.has('qr'))

    const response = createAuthenticator({ origin: 'http://localhost:3000', rpId: 'localhost' }).create(options)
    t.equal((await ask('POST', '/me/passkeys', { name: 'x', response })).statusCode, 201)
    t.ok(asked.has(library))
    t.notOk(asked.has('qr'))
    await ask('POST', '/me/totp')
    t.ok(asked.has('qr'))
  },
)
