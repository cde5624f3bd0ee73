/** A logout is known to services that ask nobody; what they do while Signet is away. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { isLong } from '../../../test/helpers/long.ts'
import { bearer, environment, movableTime, startService, startSignet, until } from './setup.ts'

async function startProcess(t: Test, ...args: string[]): Promise<(token: string) => Promise<number>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'service.ts'), ...args], { env: environment() })
  t.teardown(() => child.kill('SIGKILL'))
  const { port } = JSON.parse(String(await once(child.stdout, 'data'))) as { port: number }
  return async token => (await fetch(`http://127.0.0.1:${port}/orders`, { headers: bearer(token) })).status
}

t.test('a logout is known within two seconds in two processes', { timeout: 500_000 }, async t => {
  const signet = await startSignet(t)
  const { id, secret } = signet.resourceServer
  const services = await Promise.all([1, 2].map(() => startProcess(t, signet.url, id, secret)))
  const seconds: number[] = []
  for (let round = 0; round < 2; round++) {
    const tokens = await signet.logIn()
    const stays = await signet.logIn()
    for (const orders of services) t.equal(await orders(tokens.access_token), 200)
    await signet.logOut(tokens)
    seconds.push(
      ...(await Promise.all(services.map(orders => until(async () => (await orders(tokens.access_token)) === 401)))),
    )
    for (const orders of services) t.equal(await orders(stays.access_token), 200)
  }
  t.comment(`${seconds.map(one => one.toFixed(2)).join(', ')} s`)
  t.ok(Math.max(...seconds) < 2, `${Math.max(...seconds)} s`)
})

t.test('a minute without Signet: services go on, and afterwards they catch up', { timeout: 500_000 }, async t => {
  const signet = await startSignet(t)
  const time = movableTime()
  const accepts = await startService(t, signet, time)
  const refuses = await startService(t, { ...signet, whenStale: 'refuse' }, time)
  const [seen, unseen, ended, endsLater] = await Promise.all([1, 2, 3, 4].map(() => signet.logIn()))
  await accepts.orders(seen!.access_token)
  await accepts.orders(endsLater!.access_token)
  await signet.logOut(ended!)
  await until(async () => (await accepts.orders(ended!.access_token)).statusCode === 401)
  t.ok(accepts.app.signet.staleSeconds < 3)
  t.equal(accepts.app.signet.isReady(), true)

  await signet.stop()
  if (!isLong) time.advance(60)
  else
    for (let second = 0; second < 60; second++) {
      await new Promise(resolve => setTimeout(resolve, 1000))
      t.equal((await accepts.orders(seen!.access_token)).statusCode, 200)
    }
  t.equal((await accepts.orders(seen!.access_token)).statusCode, 200)
  t.equal((await accepts.orders(unseen!.access_token)).statusCode, 200, 'also one never seen before')
  t.match((await accepts.orders(ended!.access_token)).json(), { code: 'token_revoked', detail: 'Token revoked' })
  t.ok(accepts.app.signet.staleSeconds >= 60)
  t.equal(accepts.app.signet.isReady(), false)
  const refused = await refuses.orders(seen!.access_token)
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'unavailable' })

  await until(() => accepts.lines.some(line => line.includes('/revocations failed')))
  await signet.start()
  await signet.logOut(endsLater!)
  t.ok((await until(async () => (await accepts.orders(endsLater!.access_token)).statusCode === 401)) < 3)
  t.match((await accepts.orders(ended!.access_token)).json(), { code: 'token_revoked' })
  await until(() => accepts.app.signet.isReady() && refuses.app.signet.isReady())
  t.equal((await refuses.orders(seen!.access_token)).statusCode, 200)
  t.equal(accepts.lines.filter(line => line.includes('/revocations failed')).length, 1, 'an outage is one line')
  t.ok(accepts.lines.some(line => line.includes('works again')))
})

t.test('a service that Signet does not know says so, and is not ready', async t => {
  const { url } = await startSignet(t)
  const resourceServer = { id: 'orders', secret: 'wrong' }
  const { app, lines } = await startService(t, { url, resourceServer })
  t.equal(app.signet.isReady(), false)
  t.equal(app.signet.staleSeconds, Number.POSITIVE_INFINITY)
  t.ok(lines.some(line => line.includes('answered 401')))
  t.notOk(
    lines.some(line => line.includes('wrong')),
    'without the secret',
  )
})
