/** The codes of authenticator apps, by the vectors of the RFCs. */

import decode from 'qr/decode.js'
import t from 'tap'
import { base32 } from '../../src/factors/base32.ts'
import { qrCode } from '../../src/factors/qr-code.ts'
import { canonicalCode, newRecoveryCodes } from '../../src/factors/recovery-codes.ts'
import { codeOf, otpauthUri, stepAt, stepOf } from '../../src/factors/totp.ts'
import { fromBase32 } from '../helpers/authenticator.ts'

const secret = Buffer.from('12345678901234567890')

t.test('the vectors of RFC 6238 appendix B, of which six digits are the last six of eight', async t => {
  for (const [time, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const) {
    t.equal(codeOf(secret, stepAt(time)), code.slice(-6), String(time))
  }
})

t.test('the vectors of RFC 4226 appendix D', async t => {
  const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
  t.strictSame(
    codes.map((_, counter) => codeOf(secret, counter)),
    codes,
  )
})

t.test('one step to either side is good, and no more', async t => {
  const now = 1_700_000_000
  const present = stepAt(now)
  const good = [-3, -2, -1, 0, 1, 2, 3].filter(
    away => stepOf(secret, codeOf(secret, present + away), now) === present + away,
  )
  t.strictSame(good, [-1, 0, 1])
  t.equal(stepOf(secret, codeOf(secret, present), present * 30 + 59), present, 'until the end of the next one')
  t.equal(stepOf(secret, codeOf(secret, present), present * 30 + 60), undefined)
  t.equal(stepOf(secret, codeOf(secret, present), present * 30 - 30), present)
  t.equal(stepOf(secret, codeOf(secret, present), present * 30 - 31), undefined)
  for (const wrong of ['', '12345', '1234567', 'abcdef', '１２３４５６'])
    t.equal(stepOf(secret, wrong, now), undefined, wrong)
})

t.test('base32 by the vectors of RFC 4648 section 10', async t => {
  const texts = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']
  t.strictSame(
    texts.map(text => base32(Buffer.from(text))),
    ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI'],
  )
  t.same(fromBase32(base32(secret)), secret)
})

t.test('the address says what an app must know, whatever the name has in it', async t => {
  const uri = new URL(otpauthUri('auth.example.com', 'ana:/?#&é', base32(secret)))
  t.equal(`${uri.protocol}${uri.host || uri.pathname.slice(2).split('/')[0]}`, 'otpauth:totp')
  t.equal(decodeURIComponent(uri.pathname).replace(/^\/+(totp\/)?/, ''), 'auth.example.com:ana:/?#&é')
  t.strictSame(Object.fromEntries(uri.searchParams), {
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    issuer: 'auth.example.com',
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  })
})

t.test('a reader of QR codes reads the address from the picture', async t => {
  for (const name of ['maria', 'x'.repeat(64), 'é'.repeat(40)]) {
    const uri = otpauthUri('auth.example.com', name, base32(secret))
    t.equal(decode(pixelsOf(await qrCode(uri))), uri)
  }
})

/** Paints the rectangles of the SVG, four pixels a module. */
function pixelsOf(svg: string) {
  const size = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  const [width, height] = [size * 4, size * 4]
  const data = new Uint8Array(width * height * 4).fill(255)
  const [, dark = ''] = /<path d="([^"]+)"\/><\/svg>$/.exec(svg) ?? []
  for (const [, x = '', y = '', length = ''] of dark.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * 4; row < Number(y) * 4 + 4; row++) {
      data.fill(0, (row * width + Number(x) * 4) * 4, (row * width + (Number(x) + Number(length)) * 4) * 4)
    }
  }
  return { width, height, data }
}

t.test('recovery codes are ten of 80 bits, and are understood however they are typed', async t => {
  const codes = newRecoveryCodes()
  t.equal(new Set(codes).size, 10)
  for (const code of codes) {
    t.match(code, /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/)
    t.equal(canonicalCode(` ${code.toLowerCase().replaceAll('-', ' ')} `), code.replaceAll('-', ''))
  }
  for (const none of ['', '123456', 'AAAA-AAAA-AAAA-AAA', 'AAAA-AAAA-AAAA-AAA1', 'A'.repeat(17)]) {
    t.equal(canonicalCode(none), undefined, none)
  }
})
