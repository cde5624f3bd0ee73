/** What every engine promises about being copied, and about becoming a copy. */
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { readDatabaseUrl } from '../../src/config/database-url.ts'
import { openStores, openTransferTarget, withTransferSource } from '../../src/engines/open-stores.ts'
import type { TransferRow, TransferTable } from '../../src/stores/stores.ts'
import { movableClock } from '../helpers/clock.ts'
import type { Engine } from './stores.contract.ts'

const user = (userId: string): TransferRow => ({
  user_id: userId,
  username: `name${userId.charCodeAt(0)}`,
  email: userId === 'B' ? 'b@example.com' : null,
  role: 'user',
  password_hash: '$2b$10$…é',
  foreign_hash: { A: true, B: false }[userId] ?? null,
  disabled: userId === 'a',
  credentials_version: 7,
  created_at: 1_700_000_000,
  sessions_begun: userId === 'A' ? 9 : 0,
  unproven_email: userId === '_' ? 'other@example.com' : null,
  second_factors: userId === 'A' ? 'totp' : null,
})

const rows: Record<TransferTable, TransferRow[]> = {
  signing_keys: [
    {
      kid: 'k',
      alg: 'ES256',
      state: 'next',
      public_jwk: '{"kty":"EC"}',
      private_key: 'sealed',
      since: 1,
      changes_at: 361,
    },
  ],
  users: ['-', 'A', 'B', '_', 'a'].map(user), // in the order of their bytes
  factors: [
    {
      factor_id: 'f',
      user_id: 'A',
      kind: 'totp',
      name: null,
      created_at: 1,
      last_used_at: 2,
      last_step: 3,
      data: 'sealed',
    },
  ],
  recovery_codes: [{ code: 'c', user_id: 'A' }],
  sessions: [
    {
      sid: 's',
      user_id: 'A',
      created_at: 1,
      generation: 9_007_199_254_740_991,
      rotated_at: 2,
      retried_at: 3,
      retries: 1,
      retries_since: 3,
      expires_at: 4,
      max_expires_at: 5,
      revoked_at: 6,
      revoke_reason: 'logout',
      ip: '::1',
      user_agent: 'quotes "\\\' and ÿ',
      number: 9,
      auth_time: 2,
      amr: 'pwd otp mfa',
    },
  ],
  attempts: [{ key: 'bucket', failures: 3, blocked_until: 4, expires_at: 5, user_id: 'a' }],
  mails: [
    {
      id: 'm',
      purpose: 'register',
      user_id: null,
      address: 'new@example.com',
      language: 'en',
      created_at: 1,
      expires_at: 2,
      tries: 1,
      sent_at: 3,
      name_key: 'hmac',
      username: 'held',
      password_hash: '$2b$10$…é',
    },
  ],
}
const nothing = { salt: randomBytes(32), dataKey: undefined, isSeeded: false }
const tables = Object.keys(rows) as TransferTable[]

export function testTransfer(t: Test, engine: Engine): void {
  const place = async (t: Test) => {
    const { stores, where } = await engine.open(t, movableClock())
    const read = readDatabaseUrl(where.includes('://') ? where : `sqlite:${where}`)
    if ('mistake' in read) throw new Error(read.mistake)
    const { database } = read
    const target = async () => {
      const opened = await openTransferTarget({ database })
      t.teardown(() => opened.close())
      return opened
    }
    return { stores, database, target }
  }

  t.test(
    `${engine.name}: what is written into a copy is read from it row for row, in the order of the keys`,
    async t => {
      const { stores, database, target } = await place(t)
      const [salt, dataKey] = [randomBytes(32), randomBytes(60)]
      const copy = await target()
      await copy.begin({ salt, dataKey, isSeeded: true }, false)
      for (const table of tables) await copy.write(table, rows[table].toReversed())
      for (const table of tables) t.strictSame(await copy.read(table, '', 100), rows[table], table)
      t.strictSame(
        (await copy.read('users', 'A', 2)).map(row => row['user_id']),
        ['B', '_'],
      )
      await copy.finish()

      await withTransferSource({ database }, async source => {
        t.strictSame([source.salt, source.dataKey], [salt, dataKey])
        t.equal(source.isSeeded, true)
        for (const table of tables) {
          t.equal(await source.count(table), rows[table].length)
          t.strictSame(await source.read(table, '', 100), rows[table], table)
        }
      })
      const reopened = await openStores({ database }, movableClock())
      t.teardown(() => reopened.close())
      t.strictSame(reopened.salt, salt)
      t.match(await stores.users.findByEmail('b@example.com'), {
        userId: 'B',
        foreignHash: false,
        credentialsVersion: 7,
      })
      t.match(await stores.users.findById('a'), { disabled: true, foreignHash: true })
    },
  )

  t.test(`${engine.name}: a source stands still while others write`, async t => {
    const { stores, database } = await place(t)
    await stores.users.seed([{ userId: 'a', username: 'a', email: null, role: 'user', passwordHash: null }])
    await withTransferSource({ database }, async source => {
      t.equal(await source.count('users'), 1)
      await stores.users.create({ userId: 'b', username: 'b', email: null, role: 'user', passwordHash: null })
      t.equal((await source.read('users', '', 10)).length, 1)
    })
    await withTransferSource({ database }, async source => t.equal(await source.count('users'), 2))
  })

  t.test(`${engine.name}: half a copy opens for nothing but another attempt, which empties it`, async t => {
    const { database, target } = await place(t)
    const first = await target()
    await first.begin(nothing, false)
    await first.write('users', rows.users)

    for (const mayBeAway of [false, true]) {
      await t.rejects(openStores({ database }, movableClock(), { mayBeAway }), /unfinished copy.+--restart/)
    }
    await t.rejects(
      withTransferSource({ database }, async () => {}),
      /unfinished copy itself/,
    )
    const second = await target()
    await t.rejects(second.begin(nothing, false), /unfinished copy.+--restart/)
    await second.begin(nothing, true)
    t.strictSame(await second.read('users', '', 10), [])
    await t.rejects(first.write('users', rows.users), /another copy/)
    await t.rejects(first.finish(), /another copy/)
    await second.finish()
    await (await openStores({ database }, movableClock())).close()
  })

  t.test(`${engine.name}: what somebody uses is never copied over`, async t => {
    const { stores, target } = await place(t)
    await stores.users.seed([{ userId: 'a', username: 'a', email: null, role: 'user', passwordHash: null }])
    const copy = await target()
    for (const restart of [false, true]) await t.rejects(copy.begin(nothing, restart), /not empty/)
    t.match(await stores.users.findById('a'), { username: 'a' })
  })

  t.test(`${engine.name}: a copy has had its seeding when its source has, and only then`, async t => {
    const { stores, target } = await place(t)
    await stores.users.seed([])
    for (const isSeeded of [false, true]) {
      const copy = await target()
      await copy.begin({ ...nothing, isSeeded }, false)
      await copy.finish()
      t.equal(await stores.users.isSeeded(), isSeeded)
    }
  })

  t.test(`${engine.name}: nothing of what was in the target stays in a copy`, async t => {
    const { stores, target } = await place(t)
    await stores.keys.replaceDataKey(undefined, 'its own')
    const challenge = { challengeId: 'c', kind: 'login', userId: null, credentialsVersion: null, data: null }
    await stores.challenges.open(challenge, 300)
    await stores.limits.increment('k', 60)

    const copy = await target()
    await copy.begin(nothing, false)
    await copy.finish()
    t.equal(await stores.keys.findDataKey(), undefined, 'the source had none')
    t.equal(await stores.challenges.find('c', 'login'), undefined)
    t.equal((await stores.limits.increment('k', 60)).count, 1)
  })
}
