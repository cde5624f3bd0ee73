/** Who is behind the trusted proxies. */
import t from 'tap'
import { createAddressRanges } from '../../src/base/address-ranges.ts'
import { clientAddress } from '../../src/wire/forwarded-for.ts'
import { testApp } from '../helpers/app.ts'
import { exchange, request } from '../helpers/raw.ts'

const isTrusted = createAddressRanges(['10.0.0.0/8', 'fd00::/8'])
const via = (header: string | undefined, peer = '10.0.0.9') => clientAddress(peer, header, isTrusted)

t.test('the right-most address that is not a proxy of ours is the client, however it is spelled', async t => {
  for (const header of [
    '203.0.113.7',
    '203.0.113.7:50001',
    '6.6.6.6,203.0.113.7:1',
    '[::ffff:203.0.113.7]:443, 10.1.1.1:8080',
    '6.6.6.6, 203.0.113.7,::ffff:10.1.1.1 ,\t[fd00::5%eth0]:80',
  ]) {
    t.equal(via(header), '203.0.113.7', header)
  }
  t.equal(via('[2001:db8::1]:443'), '2001:db8::1')
  t.equal(via('fe80::1%eth0'), 'fe80::1')
})

t.test('without proxies between, the peer is the client, whatever it writes', async t => {
  for (const header of [undefined, '', '203.0.113.7', '10.0.0.1']) t.equal(via(header, '192.0.2.1'), '192.0.2.1')
  t.equal(via('203.0.113.7', 'unknown'), 'unknown')
})

t.test('an entry that is no address ends the walk, and who reported it is the client', async t => {
  for (const rubbish of ['unknown', '_hidden', '', ' ', '"', '203.0.113', 'unix:', '[', '%', ':']) {
    t.equal(via(rubbish), '10.0.0.9', rubbish)
    t.equal(via(`203.0.113.7,${rubbish}`), '10.0.0.9', `${rubbish} is not skipped`)
    t.equal(via(`203.0.113.7,${rubbish}, 10.1.1.1`), '10.1.1.1', rubbish)
    t.equal(via(`${rubbish},203.0.113.7, 10.1.1.1`), '203.0.113.7', `${rubbish} behind the client is not looked at`)
  }
})

t.test('all proxies of ours: the first of them is the client', async t => {
  t.equal(via('10.3.0.1, 10.2.0.1'), '10.3.0.1')
  t.equal(via(undefined), '10.0.0.9')
})

t.test('thousands of entries take a time in proportion', async t => {
  const before = process.threadCpuUsage()
  t.equal(via('10.1.1.1,'.repeat(1_800)), '10.0.0.9')
  t.equal(via(`${'10.1.1.1,'.repeat(1_800)}10.1.1.1`), '10.1.1.1')
  t.equal(via(`203.0.113.7${',fd00::1'.repeat(2_000)}`), '203.0.113.7')
  t.equal(via(`203.0.113.7${' '.repeat(16_000)}`), '203.0.113.7')
  t.equal(via(`203.0.113.7,${' '.repeat(16_000)}10.1.1.1`), '203.0.113.7')
  const { user } = process.threadCpuUsage(before)
  t.ok(user < 100_000, `${user} microseconds`)
})

t.test('one client behind Azure, which adds the port, is one client to every limit', async t => {
  const { app } = await testApp(t, { loginLimitPerIp: 2, loginFreeFailures: 0, trustedProxies: ['10.0.0.0/8'] })
  const logIn = (forwarded: string | string[]) =>
    app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: '::ffff:10.0.0.9',
      headers: { 'x-forwarded-for': forwarded },
      body: { username: 'thirdy', password: 'wrong' },
    })
  t.equal((await logIn('203.0.113.7:50001')).statusCode, 401)
  t.equal((await logIn(['6.6.6.6', '203.0.113.7:50002'])).statusCode, 401)
  t.equal((await logIn('203.0.113.7:50003')).statusCode, 429)
  t.equal((await logIn('203.0.113.8:50003')).statusCode, 401)
})

t.test('an owner keeps the known address from one connection to the next', async t => {
  const { app, log } = await testApp(t, { loginFreeFailures: 2, trustedProxies: ['10.0.0.0/8'] })
  const logIn = (forwarded: string, password: string) =>
    app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: '10.0.0.9',
      headers: { 'x-forwarded-for': forwarded },
      body: { username: 'thirdy', password },
    })
  t.equal((await logIn('203.0.113.7:50001', 'demo123')).statusCode, 200)
  for (let i = 0; i < 3; i++) await logIn(`[2001:db8::${i}]:443`, 'wrong')
  t.equal((await logIn('203.0.113.7:50002', 'demo123')).statusCode, 200)
  t.same(
    log.filter(line => line.includes('"msg":"request"')).map(line => JSON.parse(line).ip),
    ['203.0.113.7', '2001:db8::', '2001:db8::1', '2001:db8::2', '203.0.113.7'],
  )
})

t.test('nobody reads the address of a request but the one door', async t => {
  const { globSync, readFileSync } = await import('node:fs')
  for (const file of globSync('{src,plugins,routes}/**/*.ts')) {
    const text = readFileSync(file, 'utf8')
    t.notMatch(text, /\b(request|req)\.(ip|ips|host|protocol)\b|normalizeIP|trustProxy: (?!false)/, file)
    // Where bytes were no request, there is only a socket; and the lab sends requests of its own from somewhere.
    if (!/plugins\/client\.ts|src\/wire\/client-errors\.ts|src\/lab\/exchange\.ts/.test(file))
      t.notMatch(text, /remoteAddress/, file)
  }
})

t.test('each request of a connection has its own client', async t => {
  const { app, log } = await testApp(t, { trustedProxies: ['127.0.0.1'] })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  const [one, two] = ['203.0.113.7', '203.0.113.8']
  const ask = (client: string, ...more: string[]) => request('GET /me', [`X-Forwarded-For: ${client}`, ...more])
  await exchange(port, ask(one) + ask(two, 'Connection: close'))
  t.strictSame(
    log.filter(line => line.includes('"msg":"request"')).map(line => JSON.parse(line).ip),
    [one, two],
  )
})

for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip']) {
  t.test(`that nobody trusts who sends ${name} is told once`, async t => {
    const { app, log } = await testApp(t, { trustedProxies: ['10.0.0.0/8'] })
    const ask = (remoteAddress: string) => app.inject({ url: '/me', remoteAddress, headers: { [name]: '203.0.113.7' } })
    const warnings = () => log.filter(line => line.includes('TRUSTED_PROXIES'))
    await ask('10.0.0.9')
    t.strictSame(warnings(), [], 'nothing of one who is trusted')
    for (const peer of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) await ask(peer)
    t.equal(warnings().length, 1)
    t.match(warnings()[0], '"peer":"192.0.2.1"')
  })
}
