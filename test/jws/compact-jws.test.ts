/** The strict reading of a compact JWS, part by part. */
import t from 'tap'
import { isBase64url, maximumTokenBytes, readPart, splitCompactJws } from '../../src/jws/compact-jws.ts'
import { encodePart } from '../helpers/forge.ts'

const refused = { name: 'SignetError', code: 'invalid_token' }

t.test('a token is three parts, and none of them is empty', async t => {
  t.strictSame(splitCompactJws('a.bc.d'), { header: 'a', payload: 'bc', signature: 'd' })
  for (const text of ['', 'a', 'a.b', 'a.b.', 'a..c', '.b.c', '..', 'a.b.c.', 'a.b.c.d', '.a.b.c']) {
    t.throws(() => splitCompactJws(text), refused, text)
  }
  t.doesNotThrow(() => splitCompactJws(`a.b.${'c'.repeat(maximumTokenBytes - 4)}`))
  t.throws(() => splitCompactJws(`a.b.${'c'.repeat(maximumTokenBytes - 3)}`), refused)
})

t.test('a part is an object, written as we would have written it', async t => {
  t.strictSame(readPart(encodePart({ a: [1, { b: 'é' }] })), { a: [1, { b: 'é' }] })
  for (const text of [
    '[]',
    '[{}]',
    'null',
    '1',
    '"a"',
    'true',
    '',
    '{',
    '{ }',
    '{"a":1,"a":1}',
    '{"a":1e2}',
    '{"a":1}\n',
  ]) {
    t.throws(() => readPart(encodePart(text)), refused, text)
  }
  for (const part of ['e30=', 'e3 0', 'e31', 'e30.', '!!!!', encodePart(Buffer.from('{"a":"\xff"}', 'latin1'))]) {
    t.throws(() => readPart(part), refused, part)
  }
})

t.test('what is wrong with a part does not quote it', async t => {
  try {
    readPart(encodePart('{"canary": canary}'))
    t.fail('it was read')
  } catch (error) {
    t.match(error, refused)
    t.notMatch(String(error), 'canary')
  }
})

t.test('base64url has one spelling for each text', async t => {
  for (const text of ['', 'AA', 'AAA', 'AAAA', '-_8']) t.equal(isBase64url(text), true, text)
  for (const text of ['A', 'AB', 'AAB', 'AA==', 'AA=', 'A A', '+/8', 'AA\n', 'Ä'])
    t.equal(isBase64url(text), false, text)
})
