/** What every engine promises about users and failed attempts. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { NewUser, Stores } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

export function testUsers(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a name, an e-mail address and an id belong to one user`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const ana = await stores.users.create({ ...user('ana'), email: 'ana@example.com' })

    t.match(ana, { username: 'ana', disabled: false, credentialsVersion: 0 })
    t.strictSame(await stores.users.findById('id-ana'), ana)
    await t.rejects(stores.users.create({ ...user('ana'), userId: 'other' }), { code: 'taken' })
    await t.rejects(stores.users.create({ ...user('ben'), email: 'ana@example.com' }), { code: 'taken' })
    await t.rejects(stores.users.create({ ...user('ben'), userId: 'id-ana' }), { code: 'taken' })
    await stores.users.create(user('ben'))
    await t.rejects(stores.users.update('id-ben', { email: 'ana@example.com' }), { code: 'taken' })
    t.match(await stores.users.findById('id-ben'), { email: null }, 'a refused change changes nothing')
  })

  t.test(`${engine.name}: a user is found by the first spelling of an address that somebody has`, async t => {
    const { stores } = await engine.open(t, movableClock())
    for (const name of ['ana', 'ben']) await stores.users.create({ ...user(name), email: `${name}@ä.de` })
    await stores.users.create(user('carl'))
    const found = async (...spellings: string[]) => (await stores.users.findByEmail(...spellings))?.username
    t.equal(await found('nobody', 'ben@ä.de', 'ana@ä.de'), 'ben')
    t.equal(await found('ana@ä.de', 'ben@ä.de'), 'ana')
    t.equal(await found('nobody'), undefined)
    t.equal(await found(), undefined)
    t.strictSame(await stores.users.listEmails('', 1), [{ userId: 'id-ana', email: 'ana@ä.de' }])
    t.strictSame(await stores.users.listEmails('ana@ä.de', 5), [{ userId: 'id-ben', email: 'ben@ä.de' }])
  })

  t.test(`${engine.name}: a name is changed like an address, unless it is taken`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.users.create(user('ana'))
    await stores.users.create(user('ben'))
    t.match(await stores.users.update('id-ana', { username: 'eva' }), { user: { username: 'eva' }, ended: [] })
    await t.rejects(stores.users.update('id-ben', { username: 'eva' }), { code: 'taken' })
  })

  t.test(`${engine.name}: of 20 creations of one name at once exactly one wins`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const made = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => stores.users.create({ ...user('ana'), userId: `id-${i}` })),
    )
    t.equal(made.filter(one => one.status === 'fulfilled').length, 1)
  })

  t.test(`${engine.name}: users are listed by name, page by page, by prefix of name or e-mail address`, async t => {
    const { stores } = await engine.open(t, movableClock())
    for (const name of ['carl', 'ana', 'ben', 'anton']) {
      await stores.users.create({ ...user(name), email: `${name === 'carl' ? 'an.carl' : name}@example.com` })
    }
    const names = async (query: Parameters<Stores['users']['list']>[0]) =>
      (await stores.users.list(query)).map(one => one.username)

    t.strictSame(await names({ limit: 10 }), ['ana', 'anton', 'ben', 'carl'])
    t.strictSame(await names({ limit: 2 }), ['ana', 'anton'])
    t.strictSame(await names({ limit: 2, after: 'anton' }), ['ben', 'carl'])
    t.strictSame(await names({ limit: 10, prefix: 'an' }), ['ana', 'anton', 'carl'])
    t.strictSame(await names({ limit: 10, prefix: 'an', after: 'ana' }), ['anton', 'carl'])
    t.strictSame(await names({ limit: 10, prefix: '%' }), [])
    t.strictSame(await names({ limit: 10, prefix: '_na' }), [])
  })

  t.test(`${engine.name}: names sort character by character, in no language`, async t => {
    const { stores } = await engine.open(t, movableClock())
    for (const name of ['a_b', 'ab', 'a.b', 'a-b', 'a1']) await stores.users.create(user(name))
    const names = (await stores.users.list({ limit: 10, prefix: 'a' })).map(one => one.username)
    t.strictSame(names, ['a-b', 'a.b', 'a1', 'a_b', 'ab'])
  })

  t.test(`${engine.name}: an import inserts what is missing and changes nobody`, async t => {
    const { stores } = await engine.open(t, movableClock())
    await stores.users.create({ ...user('ana'), email: 'ana@example.com', role: 'admin' })

    const outcomes = await stores.users.importMissing([
      { ...user('ana'), userId: 'other', role: 'user' },
      { ...user('ben'), disabled: true },
      { ...user('carl'), email: 'ana@example.com' },
      { ...user('dora'), userId: 'id-ana' },
      user('ben'),
    ])

    t.match(outcomes, [
      { namesake: { userId: 'id-ana', email: 'ana@example.com' } },
      'inserted',
      'taken',
      'taken',
      { namesake: { userId: 'id-ben', email: null } },
    ])
    t.match(await stores.users.findByUsername('ana'), { userId: 'id-ana', role: 'admin' })
    t.match(await stores.users.findByUsername('ben'), { disabled: true })
  })

  for (const [what, changes, reason] of [
    ['a new password', { passwordHash: 'another' }, 'password_changed'],
    ['a new role', { role: 'admin' }, 'role_changed'],
    ['disabling', { disabled: true }, 'disabled'],
  ] as const) {
    t.test(`${engine.name}: ${what} ends the sessions and stops logins under way, all in one`, async t => {
      const { stores, begin } = await withUser(t, engine)
      const [kept, ended] = [await begin(0), await begin(0)]

      const outcome = await stores.users.update('id-ana', changes, { keep: kept })

      t.match(outcome, { user: { ...changes, credentialsVersion: 1 }, ended: [{ sid: ended, wasLive: true }] })
      t.match((await stores.sessions.find(ended))?.session, { revokeReason: reason })
      t.equal((await stores.sessions.find(kept))?.session.revokedAt, null)
      await t.rejects(begin(0), 'a login that began before finds another version')
    })
  }

  t.test(`${engine.name}: what is no change of credentials ends nothing`, async t => {
    const { stores, begin } = await withUser(t, engine)
    const sid = await begin(0)
    const same = { email: 'a@example.com', role: 'user', disabled: false, passwordHash: null }
    t.match(await stores.users.update('id-ana', same), {
      user: { email: 'a@example.com', credentialsVersion: 0 },
      ended: [],
    })
    t.equal((await stores.sessions.find(sid))?.session.revokedAt, null)
    t.equal(await stores.users.update('nobody', { role: 'admin' }), undefined)
    await stores.users.update('id-ana', { disabled: true })
    const again = await stores.users.update('id-ana', { disabled: true })
    t.match(again, { user: { disabled: true, credentialsVersion: 1 }, ended: [] })
  })

  t.test(`${engine.name}: of changes judged by one version exactly one wins`, async t => {
    const { stores } = await withUser(t, engine)
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map(passwordHash => stores.users.update('id-ana', { passwordHash }, { ifVersion: 0 })),
    )
    t.equal(outcomes.filter(Boolean).length, 1)
  })

  t.test(`${engine.name}: a rehash replaces one hash once and ends nothing`, async t => {
    const { stores, begin } = await withUser(t, engine)
    await stores.users.update('id-ana', { passwordHash: 'old' })
    const sid = await begin(1)
    const outcomes = await Promise.all(['x', 'y'].map(hash => stores.users.rehash('id-ana', 'old', hash)))
    t.equal(outcomes.filter(Boolean).length, 1)
    t.match(await stores.users.findById('id-ana'), { credentialsVersion: 1 })
    t.equal((await stores.sessions.find(sid))?.session.revokedAt, null)
  })

  t.test(`${engine.name}: who made a hash is known as long as it is that hash`, async t => {
    const { stores } = await engine.open(t, movableClock())
    const foreign = async () => (await stores.users.findById('id-ana'))?.foreignHash
    await stores.users.importMissing([{ ...user('ana'), passwordHash: 'theirs', foreignHash: true }])
    await stores.users.update('id-ana', { role: 'admin' })
    t.equal(await foreign(), true)
    await stores.users.rehash('id-ana', 'another', 'ours')
    t.equal(await foreign(), true, 'a rehash that lost changes nothing')
    await stores.users.rehash('id-ana', 'theirs', 'ours')
    t.equal(await foreign(), false)

    t.match(await stores.users.create(user('ben')), { foreignHash: false })
    await stores.users.importMissing([{ ...user('carl'), passwordHash: 'theirs', foreignHash: true }])
    await stores.users.update('id-carl', { passwordHash: 'ours' })
    t.match(await stores.users.findById('id-carl'), { foreignHash: false })
  })

  t.test(`${engine.name}: a deleted user's sessions end and stay for a while`, async t => {
    const { stores, begin } = await withUser(t, engine)
    const sid = await begin(0)
    t.strictSame(await stores.users.delete('id-ana'), [{ sid, wasLive: true }])
    t.equal(await stores.users.delete('id-ana'), undefined)
    t.match(await stores.sessions.find(sid), { session: { revokeReason: 'deleted' }, user: undefined })
  })

  t.test(`${engine.name}: a sample of hashes is of evenly chosen users, and the same ones again`, async t => {
    const { stores } = await engine.open(t, movableClock())
    t.strictSame(await stores.users.sampleHashes(1000), [])
    // Imported one after the other, with ids that count: nothing about them is random.
    const many = (from: number, to: number, hash: string | null): NewUser[] =>
      Array.from({ length: to - from }, (_, i) => ({ ...user(`u${from + i}`), passwordHash: hash }))
    await stores.users.importMissing(many(0, 100, 'old'))
    await stores.users.importMissing(many(5000, 5100, null))
    t.equal((await stores.users.sampleHashes(1000)).length, 100, 'all of them while they are few')
    t.equal((await stores.users.sampleHashes(10)).length, 10)
    for (let from = 100; from < 1500; from += 700) await stores.users.importMissing(many(from, from + 700, 'old'))
    for (let from = 1500; from < 5000; from += 700) await stores.users.importMissing(many(from, from + 700, 'new'))

    const first = await stores.users.sampleHashes(1000)
    t.ok(first.length > 950 && first.length <= 1000, `${first.length}, without users that have no password`)
    const share = first.filter(({ passwordHash }) => passwordHash === 'old').length / first.length
    t.ok(share > 0.23 && share < 0.37, `${share} of 0.3`) // five standard deviations
    t.strictSame(await stores.users.sampleHashes(1000), first)
    for (let i = 0; i < 50; i++) await stores.users.delete(`id-u${i}`)
    t.ok((await stores.users.sampleHashes(1000)).length > 900)
  })
}

function user(name: string): NewUser {
  return { userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: null }
}

async function withUser(t: Test, engine: Engine) {
  const { stores } = await engine.open(t, movableClock())
  await stores.users.create(user('ana'))
  const begin = async (version: number) => {
    const sid = randomBytes(16).toString('base64url')
    const limits = { idleSeconds: 1000, maxAgeSeconds: 1000, ip: null, userAgent: null }
    if (!(await stores.sessions.create({ sid, userId: 'id-ana', ...limits }, version))) throw new Error('no session')
    return sid
  }
  return { stores, begin }
}
