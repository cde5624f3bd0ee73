/** Texts made to be expensive: short pieces again and again, as many as fit, between two edges. */

const marks = ['\u0301', '\u0316\u0301', '\u0327\u0316\u0301', 'a\u0316\u0301\u0345', '\u0344']
const wide = ['\ufdfa', '\u1100\u1161', '\u0130', '\u{1f600}', '\u{1d15e}', '\u00e9']
const surrogates = ['\ud800', '\udc00', '\udc00\ud800']
const blanks = [' ', '\t', ' \t', '\u00a0', '\u3000', '\0']
const separators = [
  ',',
  ', ',
  ';',
  '; ',
  ';;=',
  '=',
  '&',
  '&a=',
  ':',
  '|',
  '/',
  '//',
  '\\',
  '+',
  '*',
  '-',
  '_',
  '@',
  'a@',
]
const dots = ['.', '..', '../', './', 'a.', '1.', 'eyJ.', '::', ':0', '127.0.0.1,', '::ffff:1.2.3.4, ']
const quotes = ['"', '""', "'", '\\"', '"a', '`', 'W/"a",']
const percents = ['%', '%2', '%25', '%41', '%C3%A9', '%CC%96%CC%81', '%ff', '%00']
const brackets = ['[', '{"a":', '(', '<', '"__proto__" ']
const plain = ['a', '0', '9', 'aA', 'ab', '0-,', 'q=0.1,']
const single = [blanks, separators, dots, quotes, percents, marks, wide, surrogates, brackets, plain].flat()

/** A half of one and a half of another: putting marks into their order moves each of the second past all of the first. */
const halves = [
  ['\u0301', '\u0327'],
  ['a', ' '],
  [' ', 'a'],
  [';', ' '],
  ['a=', '; '],
  ['/', '%'],
]

/** What is repeated, in equal shares. */
export type Shape = readonly string[]
export const shapes: readonly Shape[] = [...single.map(piece => [piece]), ...halves]

/** What stands before and behind: an expression that ends in an anchor is dear only where it fails at the end. */
export const edges: readonly (readonly [before: string, behind: string])[] = [
  ['', ''],
  ['a', 'a'],
  ['', '!'],
  ['a=', ''],
]

/** @param encode how the place writes a text; the result has at most so many bytes of UTF-8, and nearly that many */
export function hostileText(shape: Shape, [before, behind]: readonly [string, string], bytes: number, encode = asIs) {
  const share = (bytes - Buffer.byteLength(before + behind)) / shape.length
  const parts = shape.map(encode).map(piece => piece.repeat(Math.floor(share / Buffer.byteLength(piece))))
  return encode(before) + parts.join('') + encode(behind)
}

const asIs = (text: string) => text
