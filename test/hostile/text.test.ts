/** Normal forms: one for all spellings of a text that somebody may have typed, and no time for any other. */
import t from 'tap'
import { nfc, nfkc } from '../../src/base/text.ts'
import { canonicalEmail } from '../../src/names/email.ts'
import { canonicalPrefix, canonicalUsername } from '../../src/names/username.ts'
import { processorTime } from '../helpers/processor-time.ts'

t.test('what looks alike is the same, up to the 30 marks a language may need', t => {
  t.equal(nfc('e\u0301'), 'é')
  t.equal(nfc('ﬁ'), 'ﬁ')
  t.equal(nfkc('ﬁ\uff21\uff76\uff9e'), 'fiA\u30ac')
  const most = `a${'\u0316'.repeat(15)}${'\u0301'.repeat(15)}`
  t.equal(nfc(`a${'\u0301'.repeat(15)}${'\u0316'.repeat(15)}`), nfc(most), 'in any order')
  t.equal(nfkc(`${most}b${most}`), `${most}b${most}`.normalize('NFKC'))
  t.end()
})

t.test('a text with more marks in a row is left as it is, and one form of it is enough', async t => {
  for (const mark of ['\u0301', '\u3099', '\uff9e', '\u{1d165}', '\u{e0100}']) {
    const text = `a${mark.repeat(31)}`
    t.equal(nfkc(text), text)
    t.equal(nfc(nfc(text)), nfc(text))
  }
  const [above, below, voice] = ['\u0301', '\u0327', '\uff9e']
  const orders = [
    above.repeat(4000) + below.repeat(4000),
    `${above.repeat(30)}${voice}`.repeat(260),
    `${above.repeat(29)}${voice}${below}`.repeat(260),
    `a${above.repeat(15)}${below.repeat(15)}`.repeat(260),
    '\ufdfa'.repeat(5461),
  ]
  for (const text of orders)
    for (const form of [nfc, nfkc])
      t.ok((await processorTime(async () => form(text), 5)) < 5, JSON.stringify(text.slice(0, 40)))
})

t.test('what is too long to be a name is none, and is nobody’s beginning', t => {
  t.equal(canonicalUsername('\uff21\uff4e\uff41'), 'ana')
  for (const text of ['a'.repeat(1025), `ana${' '.repeat(1025)}`, `a@${'b'.repeat(1025)}`]) {
    t.equal(canonicalUsername(text), undefined)
    t.equal(canonicalEmail(text), undefined)
    t.ok(canonicalPrefix(text).length > 254)
  }
  t.equal(canonicalPrefix('An\uff41'), 'ana')
  t.end()
})
