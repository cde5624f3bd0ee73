/** The life of a key, as an operator reads it in the log and as whatever remembers verified tokens hears of it. */
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { deriveKey } from '../../src/keys/secret.ts'
import { decryptPrivateKey } from '../../src/keys/signing-key.ts'
import { createSigningKeys, newSigningKey } from '../../src/keys/signing-keys.ts'
import { testApp } from '../helpers/app.ts'
import { headerOf, newSecret } from '../helpers/tokens.ts'

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
  const madeAt = clock()
  t.strictSame(changes(), [{ event: 'key.created', kid: first }])
  t.equal(await sync(1), false, 'nothing was due')

  t.equal(await sync(90 * day - 101), false)
  t.equal(app.keys.jwks().maxAgeSeconds, 100, 'until then it may be kept, as of the last look')
  t.equal(await sync(100), true, 'a key has come')
  const second = published().find(kid => kid !== first)
  t.strictSame(changes().slice(1), [{ event: 'key.staged', kid: second }])
  t.equal(app.keys.signer('at+jwt').kid, first)
  t.equal(app.keys.signsSince(), madeAt, 'the one that signs is as old as it is')

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

t.test('a look that finds nothing new reads no key again', async t => {
  const { app } = await testApp(t, { algorithm: 'ES256' })
  const signer = app.keys.signer('at+jwt')
  await app.keys.sync()
  t.equal(app.keys.signer('at+jwt'), signer)
})

t.test(
  'keys of another algorithm are in the ring and not in use, and secrets have no access tokens beside it',
  async t => {
    const { app, logIn } = await testApp(t, { algorithm: 'ES256' })
    const own = app.keys.signer('at+jwt').kid
    const sealing = deriveKey(app.config.secrets[0], app.stores.salt, 'signet key ring')
    const other = await newSigningKey('EdDSA', sealing)
    await app.stores.keys.replaceAll(other)
    await app.keys.sync()
    t.strictSame(
      app.keys.jwks().keys.map(({ kid }) => kid),
      [own],
    )
    t.equal(app.keys.find('at+jwt', other.kid), undefined)

    const { kid } = headerOf((await logIn()).refresh_token) as { kid: string }
    t.ok(app.keys.find('rt+jwt', kid))
    t.equal(app.keys.find('at+jwt', kid), undefined, 'the key of refresh tokens makes no access token')
    t.equal(app.keys.find('rt+jwt', own), undefined, 'nor the other way round')
  },
)

t.test('of two instances that make the first key at once one does, and the other one takes that over', async t => {
  const { keys: store, salt, close } = await openSqliteStores(':memory:', () => 1000)
  t.teardown(close)
  const sealing = deriveKey(newSecret(), salt, 'signet key ring')
  const theirs = await newSigningKey('ES256', sealing)
  const events: unknown[] = []
  const late: typeof store = {
    ...store,
    async insert(...given) {
      await store.insert(theirs, 'current', 0) // a moment before
      return store.insert(...given)
    },
  }
  const settings = { rotationDays: 90, accessTokenSeconds: 900 }
  const audit = (event: unknown) => void events.push(event)
  const keys = createSigningKeys({ alg: 'ES256', store: late, sealingKeys: [sealing], settings, audit })
  await keys.sync()
  t.equal(keys.current().kid, theirs.kid)
  t.strictSame(events, [], 'what the other one has audited')
})

t.test('of instances that let a staged key sign at once one has done it, and says so', async t => {
  let now = 1000
  const { keys: store, salt, close } = await openSqliteStores(':memory:', () => now)
  t.teardown(close)
  const sealing = deriveKey(newSecret(), salt, 'signet key ring')
  const events: { event: string }[] = []
  const instance = () =>
    createSigningKeys({
      alg: 'ES256',
      store,
      sealingKeys: [sealing],
      settings: { rotationDays: 90, accessTokenSeconds: 900 },
      audit: event => void events.push(event),
    })
  const instances = [instance(), instance(), instance()]
  for (const seconds of [0, 90 * day, 360]) {
    now += seconds
    await Promise.all(instances.map(({ sync }) => sync()))
  }
  t.strictSame(
    events.map(({ event }) => event),
    ['key.created', 'key.staged', 'key.activated'],
  )
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
