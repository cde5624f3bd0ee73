/** What strangers wrote, in one form; and on a terminal. */
import t from 'tap'
import { isStreamSafe, letterOf, nfc, nfkc, oneLine, visible } from '../../src/base/text.ts'

const acute = '\u0301'

t.test('30 marks in a row are brought into a normal form, 31 are left as they are', async t => {
  const [most, tooMany] = [`e${acute.repeat(30)}`, `e${acute.repeat(31)}`]
  for (const normal of [nfc, nfkc]) {
    t.equal(normal(most), `é${acute.repeat(29)}`)
    t.equal(normal(tooMany), tooMany)
  }
  t.strictSame([most, tooMany].map(isStreamSafe), [true, false])
})

t.test('the half-width voice marks of Japanese count among them: NFKC makes marks of them', async t => {
  t.equal(nfkc('ｶﾞ'), 'ガ')
  t.equal(isStreamSafe(`ｶ${'ﾞ'.repeat(31)}`), false)
})

t.test('only NFKC makes one of what only looks alike', async t => {
  t.strictSame([nfc('ｅ'), nfkc('ｅ')], ['ｅ', 'e'])
  t.strictSame(['ä', 'ñ', 'e'].map(letterOf), ['a', 'n', 'e'])
})

t.test('what steers a terminal is shown, and one line stays one line', async t => {
  const steering = ['\u001b', '\u0000', '\u0085', '\u202e', '\u200b', '\u2028', '\u2029', '\ud800', '\ue000']
  for (const one of steering) t.equal(visible(`a${one}b`), 'a\ufffdb', `U+${one.charCodeAt(0).toString(16)}`)
  t.equal(visible('ää 日本\u00a0x'), 'ää 日本\u00a0x')
  t.equal(oneLine(' a\r\n b\u001b[2K\u2028c\t'), 'a b\ufffd[2K c')
})
