/** One form for every address, however a proxy or a socket spells it. */
import { isIPv6 } from 'node:net'
import { normalizeIP } from '@fastify/rate-limit'
import fc from 'fast-check'
import t from 'tap'
import { networkOf, readAddress, siteOf } from '../../src/base/address.ts'
import { createAddressRanges, isAddressRange } from '../../src/base/address-ranges.ts'

t.test('ports, brackets and zones go, and IPv4-mapped IPv6 is IPv4', async t => {
  const spellings = {
    '203.0.113.7': [
      '203.0.113.7',
      ' 203.0.113.7\t',
      '203.0.113.7:50001',
      '::ffff:203.0.113.7',
      '::FFFF:cb00:7107',
      '0:0:0:0:0:ffff:203.0.113.7',
      '[::ffff:203.0.113.7]:443',
      '::ffff:203.0.113.7:443',
      '::ffff:203.0.113.7%3',
    ],
    '2001:db8::1': ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '[2001:db8::1]', '[2001:db8::1]:443', '2001:db8::0.0.0.1'],
    'fe80::1': ['fe80::1%eth0', '[fe80::1%25eth0]:443', '[fe80::1%eth0]'],
    '::1': ['::1', '[0:0::1]:65535'],
    '::127.0.0.1': ['::127.0.0.1'],
  }
  for (const [address, texts] of Object.entries(spellings)) {
    for (const text of texts) t.equal(readAddress(text), address, text)
  }
})

t.test('what is no address is none', async t => {
  const texts =
    '|unknown|_hidden|203.0.113|203.0.113.256|0203.0.113.7|0xcb.0.0.1|203.0.113.7:|203.0.113.7:x|203.0.113.7:123456|:80|' +
    '[203.0.113.7|[]:80|[2001:db8::1]x|2001:db8::g|203.0.113.7 198.51.100.1|203.0.113.7%eth0|"203.0.113.7"|unix:|localhost'
  for (const text of [...texts.split('|'), '1'.repeat(16_000), `${'[::1]'.padEnd(15_000)}:443`, '::ffff:1.2.3.4.5']) {
    t.equal(readAddress(text), undefined, text.slice(0, 40))
  }
})

t.test('no text breaks the reading, and an address reads as itself', async () => {
  const parts = fc.constantFrom('1', '255', '.', ':', '::', '[', ']', '%', 'ffff', ',', ' ', '65535', 'g', '0')
  const text = fc.oneof(
    fc.string(),
    fc.array(parts, { maxLength: 24 }).map(all => all.join('')),
    fc.ipV4(),
    fc.ipV6(),
  )
  fc.assert(
    fc.property(text, given => {
      const address = readAddress(given)
      if (address === undefined) return true
      networkOf(address)
      siteOf(address)
      return readAddress(address) === address && readAddress(networkOf(address)) === networkOf(address)
    }),
    { numRuns: 2000 },
  )
})

t.test('a client is an IPv4 address or a /64, a site a /48', async t => {
  t.equal(networkOf('203.0.113.7'), '203.0.113.7')
  t.equal(siteOf('203.0.113.7'), undefined)
  for (const [address, network, site] of [
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1::/48'],
    ['2001:db8:1::6', '2001:db8:1::', '2001:db8:1::/48'],
    ['2001:0:1::4:5:6:7', '2001:0:1::', '2001:0:1::/48'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3::', '1:0:2::/48'],
    ['::1', '::', '::/48'],
    ['::127.0.0.1', '::', '::/48'],
  ] as const) {
    t.equal(networkOf(address), network)
    t.equal(siteOf(address), site)
  }
  const ours = fc.ipV6().filter(text => isIPv6(text) && !readAddress(text)?.includes('.'))
  fc.assert(fc.property(ours, text => networkOf(readAddress(text) ?? '') === normalizeIP(text)))
})

t.test('a range holds its addresses and no others', async t => {
  const isIn = createAddressRanges(['10.0.0.0/8', '192.0.2.1', '2001:db8::/33', '::ffff:172.16.0.0/108', '::/1'])
  for (const address of ['10.255.0.1', '192.0.2.1', '2001:db8:7fff::1', '172.31.0.1', '7fff::1']) {
    t.equal(isIn(address), true, address)
  }
  for (const address of ['11.0.0.1', '192.0.2.2', '172.32.0.1', '8000::', 'unknown', '']) {
    t.equal(isIn(address), false, address)
  }
  const named = createAddressRanges(['loopback', 'linklocal', 'uniquelocal'])
  for (const address of ['127.9.9.9', '::1', '169.254.1.1', 'fe80::1', '172.20.0.1', '192.168.1.1', 'fd00::1']) {
    t.equal(named(address), true, address)
  }
  for (const address of ['::2', '172.32.0.1', 'fec0::1', 'fe00::1', '128.0.0.1'])
    t.equal(named(address), false, address)
  t.equal(createAddressRanges([])('127.0.0.1'), false)
})

t.test('everything is no range, however it is written', async t => {
  for (const text of ['10.0.0.0/8', '::ffff:10.0.0.0/104', 'fe80::1%eth0', '::1/128', 'loopback']) {
    t.equal(isAddressRange(text), true, text)
  }
  for (const text of '0.0.0.0/0|::/0|::ffff:0:0/96|::ffff:0:0/90|1.2.3.4/33|1.2.3.4:80|1.2.3.4/8/8|x|/8||toString'.split(
    '|',
  )) {
    t.equal(isAddressRange(text), false, text)
  }
})
