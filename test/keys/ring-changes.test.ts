/** The life of a key, as an operator reads it in the log and as whatever remembers verified tokens hears of it. */
import t from 'tap'
import { deriveKey } from '../../src/keys/secret.ts'
import { decryptPrivateKey } from '../../src/keys/signing-key.ts'
import { newSigningKey } from '../../src/keys/signing-keys.ts'
import { testApp } from '../helpers/app.ts'

const day = 86_400

t.test('each change of the ring is one audit line, and a key that comes or goes another version', async t => {
  const { app, clock, log } = await testApp(t, { algorithm: 'ES256', rotationDays: 90, accessTokenSeconds: 900 })
  const changes = () =>
    log
      .map(line => JSON.parse(line).audit)
      .filter(audit => audit?.event.startsWith('key.'))
      .map(({ event, kid }) => ({ event, kid }))
  const published = () => app.keys.jwks().keys.map(({ kid }) => kid)
  async function sync(seconds: number) {
    const before = app.keys.version
    clock.advance(seconds)
    await app.keys.sync()
    return app.keys.version !== before
  }

  const [first] = published()
  t.strictSame(changes(), [{ event: 'key.created', kid: first }])
  t.equal(await sync(1), false, 'nothing was due')

  t.equal(await sync(90 * day - 101), false)
  t.equal(app.keys.jwks().maxAgeSeconds, 100, 'until then it may be kept, as of the last look')
  t.equal(await sync(100), true, 'a key has come')
  const second = published().find(kid => kid !== first)
  t.strictSame(changes().slice(1), [{ event: 'key.staged', kid: second }])
  t.equal(app.keys.signer('at+jwt').kid, first)

  t.equal(await sync(360), false, 'the two have changed places')
  t.strictSame(changes().slice(2), [{ event: 'key.activated', kid: second }])
  t.equal(app.keys.signer('at+jwt').kid, second)
  t.equal(app.keys.signsSince(), clock())

  t.equal(await sync(959), false)
  t.equal(await sync(1), true, 'a key has gone')
  t.strictSame(published(), [second])
  t.equal(app.keys.find('at+jwt', String(first)), undefined)
  t.equal(changes().length, 3)
})

t.test('an emergency is another version, although there is one key as before', async t => {
  const { app } = await testApp(t, { algorithm: 'ES256' })
  const { version } = app.keys
  const former = app.keys.signer('at+jwt').kid
  const sealing = deriveKey(app.config.secrets[0], app.stores.salt, 'signet key ring')
  const key = await newSigningKey('ES256', sealing)
  await app.stores.keys.replaceAll(key)
  await app.keys.sync()
  t.not(app.keys.version, version)
  t.equal(app.keys.signer('at+jwt').kid, key.kid)
  t.equal(app.keys.find('at+jwt', former), undefined)
})

t.test('a key belongs to its name: in another row, or under another secret, it is none', async t => {
  const { app } = await testApp(t, { algorithm: 'ES256' })
  const sealing = deriveKey(app.config.secrets[0], app.stores.salt, 'signet key ring')
  const [one, two] = [await newSigningKey('ES256', sealing), await newSigningKey('ES256', sealing)]
  t.match(decryptPrivateKey(one.privateKey, one.kid, sealing), /PRIVATE KEY/)
  t.equal(decryptPrivateKey(one.privateKey, two.kid, sealing), undefined)
  t.equal(decryptPrivateKey(one.privateKey, one.kid, Buffer.alloc(32, 1)), undefined)

  const { version } = app.keys
  await app.stores.keys.replaceAll({ ...two, privateKey: one.privateKey })
  await t.rejects(app.keys.sync(), /decrypts/)
  t.equal(app.keys.version, version, 'and what was there goes on')
})
