/** What is loaded late: when it is first used, and by nobody else. */
import { mkdtemp, rm } from 'node:fs/promises'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import t from 'tap'

const library = '@simplewebauthn/server'
const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    asked.add(specifier)
    return next(specifier, context)
  },
})

t.test('a command loads nothing that answers requests, checks tokens or draws, unless it needs keys', async t => {
  const { main } = await import('../../src/cli/main.ts')
  const folder = await mkdtemp(join(tmpdir(), 'signet-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const env = { DATABASE_URL: `sqlite:${join(folder, 'signet.db')}` }
  const run = (...args: string[]) =>
    main(args, { env, stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() })
  t.equal(await run('db', 'migrate'), 0)
  t.equal(await run('users', 'list'), 0)
  t.ok(asked.has('commander'), 'it is seen what is loaded')
  for (const name of ['fastify', '@fastify/jwt', library, 'qr']) t.notOk(asked.has(name), name)
})

t.test(
  'the library of passkeys comes with the first answer of one, the one of QR codes with the first of them',
  async t => {
    const { testApp } = await import('../helpers/app.ts')
    const { asUser } = await import('../helpers/authenticator.ts')
    const { createAuthenticator } = await import('../helpers/passkey.ts')
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
