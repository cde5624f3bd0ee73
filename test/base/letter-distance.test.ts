import t from 'tap'
import { letterDistance } from '../../src/base/letter-distance.ts'

t.test('a letter left out, added or exchanged is one mistake, and so are two that changed places', async t => {
  const pairs: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['LOG_LEVEL', 'LOG_LEVEL', 0],
    ['LOG_LEVL', 'LOG_LEVEL', 1],
    ['LOGG_LEVEL', 'LOG_LEVEL', 1],
    ['LOG_LEVOL', 'LOG_LEVEL', 1],
    ['LOG_LEVLE', 'LOG_LEVEL', 1],
    ['OLG_LEVLE', 'LOG_LEVEL', 2],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3], // letters that changed places are not changed again
  ]
  for (const [a, b, distance] of pairs) {
    t.equal(letterDistance(a, b), distance, `${a} and ${b}`)
    t.equal(letterDistance(b, a), distance, `${b} and ${a}`)
  }
})
