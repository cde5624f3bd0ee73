/** A package that is loaded when first used, and is not there: a 500 and a line that names it, never an answer about codes. */
import { readdirSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/places.ts'

const missing = new Set([
  '@simplewebauthn/server',
  '@simplewebauthn/server/helpers',
  'qr',
  '@zxcvbn-ts/language-common',
])
let isInstalled = false
registerHooks({
  resolve(specifier, context, next) {
    if (!isInstalled && missing.has(specifier)) throw new Error(`Cannot find package '${specifier}'`)
    return next(specifier, context)
  },
})
const { testApp } = await import('../helpers/app.ts')
const { asUser } = await import('../helpers/authenticator.ts')
const { createAuthenticator } = await import('../helpers/passkey.ts')
const { factorIdOf } = await import('../../src/factors/webauthn.ts')

t.test('each package that is loaded late is tried here', t => {
  const src = join(root, 'src')
  const texts = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(join(src, file), 'utf8'))
  const found = texts.flatMap(text => [...text.matchAll(/await import\('([^.'][^']*)'\)/g)].map(([, name]) => name))
  t.strictSame(found.toSorted(), [...missing].toSorted())
  t.end()
})

t.test('a package that cannot be loaded is our failure', async t => {
  const service = await testApp(t, { secondFactor: 'optional' })
  const { app, log } = service
  const ask = asUser(service, (await service.logIn('maria')).access_token)
  const key = createAuthenticator({ origin: 'http://localhost:3000', rpId: 'localhost' })
  let userHandle = ''
  const enrol = async () => {
    const options = (await ask('POST', '/me/passkeys/options')).json()
    userHandle = options.user.id
    const response = key.create(options)
    return ask('POST', '/me/passkeys', { name: 'x', response })
  }
  const logIn = async () => {
    const response = key.get((await app.inject({ method: 'POST', url: '/login/passkey/options' })).json())
    return app.inject({ method: 'POST', url: '/login/passkey', body: { response } })
  }
  const another = asUser(service, (await service.logIn()).access_token)
  const change = () =>
    another('PUT', '/me/password', { current_password: 'demo123', new_password: 'a long new password' })

  const isOurs = (answer: Awaited<ReturnType<typeof enrol>>, name: string) => {
    t.equal(answer.statusCode, 500, name)
    t.equal(answer.json().code, 'internal')
    const lines = log.filter(line => line.includes(`Cannot find package '${name}'`)).map(line => JSON.parse(line))
    t.ok(lines.length > 0 && lines.every(({ level }) => level === 50), 'an error line that names the package')
  }
  isOurs(await ask('POST', '/me/totp'), 'qr')
  isOurs(await change(), '@zxcvbn-ts/language-common')
  isOurs(await enrol(), '@simplewebauthn/server')

  const credential = { credentialId: key.credentialId, publicKey: '', userHandle, transports: [], aaguid: '' }
  const data = JSON.stringify({ ...credential, backupEligible: false, backedUp: false, counter: 0 })
  const factor = { factorId: factorIdOf(key.credentialId), userId: 'user-2', kind: 'passkey', name: 'x', data } as const
  await app.stores.factors.add({ ...factor, lastStep: null }, { ifVersion: 0, keep: '' })
  log.length = 0
  isOurs(await logIn(), '@simplewebauthn/server')

  isInstalled = true
  t.equal((await change()).statusCode, 204, 'the next one finds it')
})
