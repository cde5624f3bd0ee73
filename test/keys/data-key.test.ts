/** The data key is one for a database, and outlives every secret that ever sealed it. */
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { openStores } from '../../src/engines/open-stores.ts'
import { openDataKey } from '../../src/keys/data-key.ts'
import { unseal } from '../../src/keys/sealed.ts'
import { deriveKey } from '../../src/keys/secret.ts'
import { testApp } from '../helpers/app.ts'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

async function database(t: Test) {
  const stores = await openStores({ database: { engine: 'sqlite', path: ':memory:' } }, movableClock())
  t.teardown(stores.close)
  const { keys: store, salt } = stores
  return { store, salt, open: (...secrets: [string, ...string[]]) => openDataKey({ secrets, salt, store }) }
}

const text = Buffer.from('a secret of somebody')

t.test(
  'a new secret seals it anew: what it encrypts and names stays, also when the former secret is dropped',
  async t => {
    const { open, store } = await database(t)
    const [first, second, third] = [newSecret(), newSecret(), newSecret()]
    const before = await open(first)
    const [sealed, name] = [before.seal(text, 'totp a'), before.hmac('a code')]
    const atFirst = await store.findDataKey()
    await open(first, second)
    t.equal(await store.findDataKey(), atFirst, 'one that is to come changes nothing')

    await open(second, first)
    t.not(await store.findDataKey(), atFirst)
    await open(third, second)
    for (const key of [await open(third), await open(third, newSecret())]) {
      t.same(key.open(sealed, 'totp a'), text)
      t.equal(key.hmac('a code'), name)
    }
  },
)

t.test('what is sealed opens under its own name only', async t => {
  const { open } = await database(t)
  const key = await open(newSecret())
  const sealed = key.seal(text, 'totp a')
  t.throws(() => key.open(sealed, 'totp b'), { message: 'the database has a totp that its data key does not open' })
  t.throws(() => key.open(`${sealed.slice(0, -2)}AA`, 'totp a'))
  t.not(key.seal(text, 'totp a'), sealed, 'never twice alike')
})

t.test('it encrypts with one key and names with another, the same in every version', async t => {
  const { open, store, salt } = await database(t)
  const secret = newSecret()
  const dataKey = await open(secret)
  const key = unseal(String(await store.findDataKey()), 'data key', deriveKey(secret, salt, 'signet data key'))
  if (!key) return t.fail('it is not sealed as it was')
  t.same(unseal(dataKey.seal(text, 'totp a'), 'totp a', deriveKey(key, salt, 'signet sealed data')), text)
  const named = createHmac('sha256', deriveKey(key, salt, 'signet named data'))
    .update('a code')
    .digest('base64url')
  t.equal(dataKey.hmac('a code'), named)
})

t.test('instances that start together agree on one, whichever secret of theirs is the first', async t => {
  const { open } = await database(t)
  const [one, two] = [newSecret(), newSecret()]
  const keys = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? open(one, two) : open(two, one))))
  t.equal(new Set(keys.map(key => key.hmac('x'))).size, 1)
})

t.test('a service makes it, and nothing in the database is the key itself', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  await testApp(t, { sqlitePath: path })
  const file = new DatabaseSync(path, { readOnly: true })
  t.teardown(() => file.close())
  const row = file.prepare(`SELECT value FROM meta WHERE name = 'data_key'`).get()
  t.match(Buffer.from(row?.['value'] as Uint8Array).toString(), /^[\w-]{80}$/) // nonce, tag and 32 bytes
})

t.test(
  'when no secret opens it, it is made anew as long as nobody has a second factor, and else the start fails',
  async t => {
    const { open, store } = await database(t)
    const before = await open(newSecret())
    const secret = newSecret()
    const after = await open(secret)
    t.not(after.hmac('x'), before.hmac('x'))
    const used: typeof store = {
      ...store,
      replaceDataKey: async (...given) => given[2] !== 'ifUnused' && store.replaceDataKey(...given),
    }
    const openUsed = (...secrets: [string, ...string[]]) =>
      openDataKey({ secrets, salt: Buffer.alloc(32), store: used })
    await t.rejects(openUsed(secret), /JWT_SECRET_KEY_FALLBACK.+signet users factors --remove-all/)
  },
)
