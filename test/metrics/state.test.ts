/** Series of what has a present state, read at every scrape: hashing, the event loop, the keys, the list, the address. */
import t from 'tap'
import { newMail } from '../../src/mail/new-mail.ts'
import { memoryMail } from '../helpers/mail-settings.ts'
import { measuredApp } from '../helpers/measured.ts'
import { serverOf } from '../helpers/postgres.ts'
import { waitUntil } from '../helpers/process.ts'

t.test('hashing: what works, what waits, and what is turned away', async t => {
  const measured = await measuredApp(t, {
    bcryptCost: 12,
    hashThreads: 1,
    hashQueue: 2,
    loginFreeFailures: 0,
    loginLimitExempt: ['127.0.0.1'],
  })
  const { app, scrape } = measured
  const attempt = () => app.inject({ method: 'POST', url: '/login', body: { username: 'nobody', password: 'x' } })

  const attempts = [1, 2, 3, 4].map(attempt)
  await waitUntil(async () => {
    const { value } = await scrape()
    return value('signet_hash_queue_working') === 1 && value('signet_hash_queue_waiting') === 2
  })
  const statuses = (await Promise.all(attempts)).map(({ statusCode }) => statusCode)
  t.strictSame(statuses.sort(), [401, 401, 401, 503])

  const { by, value } = await scrape()
  t.strictSame(by('signet_logins_total', 'outcome'), {
    success: 0,
    challenged: 0,
    failed: 3,
    throttled: 0,
    overloaded: 1,
  })
  t.equal(value('signet_hash_queue_working'), 0)
  t.equal(value('signet_hash_queue_waiting'), 0)
  t.equal(value('signet_hash_queue_limit'), 2)
  t.equal(value('signet_hashes_total'), 3)
  t.ok((value('signet_hash_seconds_total') ?? 0) > 0.1)
  t.equal((await scrape()).value('signet_hashes_total'), 3, 'a scrape adds nothing')
})

t.test('an address that all clients share shows, and goes again', async t => {
  const { app, clock, scrape } = await measuredApp(t)
  const isShared = async () => (await scrape()).value('signet_clients_share_one_address')
  const ask = async (remoteAddress: string, times: number, url = '/.well-known/jwks.json') => {
    for (let i = 0; i < times; i++) await app.inject({ url, remoteAddress })
  }

  await ask('198.51.100.1', 99)
  t.equal(await isShared(), 0, '99 are too few to tell')
  await ask('127.0.0.1', 5, '/health/live')
  await ask('127.0.0.2', 5, '/revocations')
  await ask('198.51.100.1', 1)
  t.equal(await isShared(), 1, 'and a health check or a service from elsewhere does not hide it')
  await ask('198.51.100.2', 1)
  t.equal(await isShared(), 0, 'there is a second client')

  clock.advance(300)
  t.equal(await isShared(), 0, 'nobody was there')
  await ask('2001:db8::1', 60)
  clock.advance(120)
  await ask('2001:db8::2', 60)
  t.equal(await isShared(), 1, 'one IPv6 network is one client')
  clock.advance(240)
  t.equal(await isShared(), 0, 'the first 60 are older than five minutes')

  await ask('2001:db8:0:1::1', 60)
  t.equal(await isShared(), 0, 'another client in another minute')
})

t.test('the age of the signing key, where there is one', async t => {
  t.notMatch((await (await measuredApp(t, { algorithm: 'HS256' })).scrape()).text, 'signing_key_age')
  const { clock, scrape } = await measuredApp(t, { algorithm: 'ES256' })
  clock.advance(86_400)
  t.equal((await scrape()).value('signet_signing_key_age_seconds'), 86_400)
})

t.test('before the first poll the revocation list has no age but infinity', async t => {
  const database = serverOf('postgres://signet:x@127.0.0.1:1/signet')
  const { scrape } = await measuredApp(t, { database, seedUsersFile: undefined })
  const { text, value } = await scrape()
  t.match(text, /^signet_revocation_list_age_seconds \+Inf$/m)
  t.equal(value('signet_revocation_list_size'), 0)
})

t.test('how long the oldest mail has waited', async t => {
  const { app, clock, scrape } = await measuredApp(t, { mail: memoryMail })
  const oldest = async () => (await scrape()).value('signet_mail_oldest_waiting_seconds')
  t.equal(await oldest(), 0)
  await app.stores.mails.replace(newMail('reset', 'user-2', 'maria@example.com', 'en'), 3)
  clock.advance(100)
  t.equal(await oldest(), 100)

  await app.stores.close()
  const { value } = await scrape()
  t.ok(Number.isNaN(value('signet_mail_oldest_waiting_seconds')), 'nobody knows while the database is away')
  t.equal(value('signet_clients_share_one_address'), 0, 'and the others are told as ever')
})

t.test('an event loop that is kept busy is late, and no longer once that is over', async t => {
  const { scrape } = await measuredApp(t)
  const delay = async (quantile: string) =>
    (await scrape()).by('signet_event_loop_delay_seconds', 'quantile')[quantile] ?? -1
  const sampled = () => new Promise(resolve => setTimeout(resolve, 50))
  await scrape()
  await sampled() // the first sample after a scrape begins the count
  const until = performance.now() + 400
  while (performance.now() < until); // keeps everybody waiting
  await sampled()
  t.ok((await delay('0.99')) > 0.25)
  await waitUntil(async () => (await delay('0.99')) < 0.25)
})
