/** Usernames: one canonical form, and which may be given to somebody new. */
import t from 'tap'
import { accountName, canonicalPrefix, canonicalUsername, newUsername } from '../../src/names/username.ts'
import { processorTime } from '../helpers/processor-time.ts'

const allows = (name: string, email: string | null = null) => 'username' in newUsername(name, email)

t.test('a new name begins with a letter or digit and ends with one, or with a mark', async t => {
  for (const name of ['a', '7', 'ana', 'ana.maria', 'a-b_c', 'constructor', '00', 'a--b', 'x'.repeat(64)]) {
    t.strictSame(newUsername(name, null), { username: name })
  }
  for (const name of [
    ...['', '-', '--', '.', '..', '...', '_', '__proto__', '-a', 'a-', '.a', 'a.', '_a', 'a_', 'a b', 'a\tb', 'a\0b'],
    ...[
      'a/b',
      'a%2fb',
      'a\\b',
      'a;b',
      'a:b',
      'a,b',
      'a"b',
      "a'b",
      'a+b',
      'a@',
      '@a',
      'a@b@c',
      '²½',
      '\ud800',
      'a\u202eb',
    ],
    ...['\u0301a', 'a\u200bb', 'a\u200d', '\u3164', 'a\u115fb', 'a\ufe0f', 'a\u034fb', 'a\u20dd', '😀', 'x'.repeat(65)],
    `x${'\u0316'.repeat(31)}`, // a tower
  ]) {
    if (name !== '²½') t.match(newUsername(name, null), { mistake: /1 to 64/ }, JSON.stringify(name))
  }
})

t.test('the letters of a new name are of one script; Japanese and Korean sets count as one', async t => {
  for (const name of [
    ...['josé', 'jose\u0301', 'müller', 'straße', 'анна', 'άννα', 'سارة', 'שרה', 'देवी', 'தமிழ்', 'สมชาย', 'հայ', 'ქეთი'],
    ...[
      '张伟',
      'さくら',
      '山田タロウ',
      'ひらがなー',
      'スーパー',
      '김철수',
      '金철수',
      'анна.1',
      'josé-7',
      '٣٤',
      'ʻokina',
      'ᏣᎳᎩ',
    ],
  ]) {
    t.ok(allows(name), name)
  }
  for (const name of ['аdmin', 'pаypal', 'αdmin', 'anna.анна', 'a-б', 'さ김', 'ａдmin', 'سarah', 'ру๑']) {
    t.notOk(allows(name), name)
  }
  t.ok(allows('ａｄｍｉｎ'), 'which is admin')
  t.ok(allows(`x${'\u0316'.repeat(30)}`), 'as many marks as a letter may have')
})

t.test('every spelling of a name is one name', async t => {
  for (const [name, ...spellings] of [
    ['maria', 'maria ', ' maria', '\tMaria\r\n', '\u00a0MARIA\u3000', '\ufeffmaria', 'ｍａｒｉａ'],
    ['k', 'K', '\u212a'],
    ['josé', 'JOSE\u0301', 'jose\u0301'],
    ['ana@xn--exmple-cua.de', 'Ana@Exämple.DE', ' ana@xn--exmple-cua.de ', 'ana@exa\u0308mple。de'],
  ]) {
    for (const spelling of spellings) {
      t.equal(canonicalUsername(spelling), name)
      t.equal(accountName(spelling), name)
      t.equal(canonicalPrefix(spelling), name)
    }
  }
  t.equal(canonicalPrefix(''), '')
})

t.test('the canonical form of a canonical form is itself, for every character there is', async t => {
  let unstable = 0
  for (let code = 0; code < 0x110000; code++) {
    if (/[\p{Unassigned}\p{Private_Use}]/u.test(String.fromCodePoint(code))) continue // nine of ten are none
    for (const text of [`a${String.fromCodePoint(code)}b`, String.fromCodePoint(code)]) {
      const once = canonicalUsername(text)
      if (once !== undefined && canonicalUsername(once) !== once && !/^\s|\s$/.test(once)) unstable++
    }
  }
  t.equal(unstable, 0)
  const dotted = canonicalUsername('\u0130\u0316') // whose small letter has its two marks in another order
  t.equal(canonicalUsername(dotted ?? ''), dotted)
})

t.test('old names are looked up as they are, whatever the rules are now', async t => {
  for (const name of ['-', '..', '__proto__', '_x', 'a.', '-'.repeat(64)]) t.equal(canonicalUsername(name), name)
})

t.test('a name with @ is the own address, in any spelling of both, and nothing else', async t => {
  t.strictSame(newUsername('Ana@Exämple.de', 'ana@xn--exmple-cua.de'), { username: 'ana@xn--exmple-cua.de' })
  for (const email of [null, 'ben@example.com', 'ana@example.com']) {
    t.match(newUsername('ana@xn--exmple-cua.de', email), { mistake: /unless it is the e-mail address/ })
  }
})

t.test('what is too long to be a name has one bucket by its beginning, and is the beginning of nobody', async t => {
  const long = 'x'.repeat(1024)
  t.equal(accountName(`${long}y`), accountName(`${long}z`))
  t.equal(accountName(`${long}y`), long)
  t.equal(canonicalPrefix(`${long}y`), long, 'and not of everybody')
})

t.test('a name of any length and shape costs next to nothing', async t => {
  for (const unit of [' ', '\u0301', 'a\u0301', '\ufdfa', '\u1100\u1161', 'аa', '.', '-', '@', '\ud800', 'ﬃ', 'xn--']) {
    for (const length of [300, 16_384]) {
      const text = `a${unit.repeat(length / unit.length)}b`
      const ms = await processorTime(async () => {
        newUsername(text, null)
        accountName(text)
        canonicalPrefix(text)
      }, 20)
      t.ok(ms < 20, `${length} of ${JSON.stringify(unit)}: ${ms} ms`)
    }
  }
})
