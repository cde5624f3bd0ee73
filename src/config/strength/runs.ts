/**
 * What goes on as it began: repeated pieces, also backwards or in another case; counting up or down, also with several
 * counters in turn (a1b2c3, 000102); walks over a keyboard; dates.
 */
import type { Found } from './predictable.ts'

/** Orders in which people count: characters, digits and letters (so that f follows e and a follows 9), keys. */
const orders: readonly ((character: string) => number)[] = [
  character => character.charCodeAt(0),
  character => '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(character.toLowerCase()),
  character => {
    const { row, column } = keys.get(character) ?? { row: -1, column: -1 }
    return row < 0 ? -1 : row * 20 + column
  },
]

const rows = [
  '`1234567890-=',
  'qwertyuiop[]\\',
  "asdfghjkl;'",
  'zxcvbnm,./',
  '~!@#$%^&*()_+',
  'QWERTYUIOP{}|',
  'ASDFGHJKL:"',
  'ZXCVBNM<>?',
]
const keys = new Map(
  rows.flatMap((keysOfRow, i) =>
    [...keysOfRow].map((key, at) => [key, { row: i % 4, column: i % 4 === 0 ? at : at + 1 }] as const),
  ),
)

/** Steps between a character and the one `distance` before it. */
const mostCounters = 8

export function findRuns(text: string, found: Found): void {
  findRepeats(text, found)
  for (const order of orders) {
    const places = [...text].map(order)
    for (let distance = 1; distance <= Math.min(mostCounters, text.length - 1); distance++) {
      findSteps(places, distance, found)
    }
  }
  findCounting(text, found)
  findWalks(text, found)
  for (const { index, 0: date } of text.matchAll(dates)) {
    found(index, index + date.length, date.length > 4 ? 17 : 9, 'sequence')
  }
  for (const { index, 0: spoken } of text.matchAll(hexWords)) {
    found(index, index + spoken.length, spoken.length * 1.5, 'words')
  }
}

/** In which many secrets of tutorials stand: of one generator on the web, whose keys all come from one wheel; and numbers. */
const wellKnown = (
  '2r5u8x/A%D*G-KaPdSgVkYp3s6v9y$B&E)H@McQfTjWnZr4u7x!A%D*G-JaNdRgUkXp2s5v8y/B?E(H+MbQeThWmZq4t7w!z%C*F)J@NcRfUjXn2r5u8x/A?D(G+KbPeShVmYq3t6w9z$C&F)J@McQfTjWmZq4t7w9z$C&E(H+KbPdRfUkXn' +
  ' 3.14159265358979323846264338327950288419716939937510582097494459 2.71828182845904523536028747135266249775724709369995' +
  ' 1.41421356237309504880168872420969807856967187537694 1.61803398874989484820458683436563811772030917980576286213544862 11235813213455891442333776109871597258441816765'
).toLowerCase()

function findRepeats(text: string, found: Found): void {
  const folded = text.toLowerCase()
  const size = text.length
  const offset = Math.log2(size)
  for (let start = 0; start + 5 <= size; start++) {
    const seed = folded.slice(start, start + 5)
    for (let at = wellKnown.indexOf(seed); at >= 0; at = wellKnown.indexOf(seed, at + 1)) {
      let same = 5
      while (start + same < size && wellKnown[at + same] === folded[start + same]) same++
      found(start, start + same, 9 + costOfLength(same), 'sequence')
    }
  }
  for (let start = 1; start < size; start++) {
    for (let source = 0; source < start; source++) {
      let same = 0
      while (start + same < size && folded[source + same] === folded[start + same]) same++
      if (same > 1) found(start, start + same, offset + costOfLength(same), 'repeats')
      let mirrored = 0
      while (start + mirrored < size && mirrored <= source && folded[source - mirrored] === folded[start + mirrored])
        mirrored++
      if (mirrored > 2) found(start, start + mirrored, offset + 1 + costOfLength(mirrored), 'repeats')
    }
  }
}

/** Each of `distance` counters goes on by the same step, or by the step it made last. */
function findSteps(places: readonly number[], distance: number, found: Found): void {
  const steps = places.map((place, i) => {
    const former = places[i - distance]
    return place < 0 || former === undefined || former < 0 ? undefined : place - former
  })
  for (let start = distance; start < places.length; start++) {
    const step = steps[start]
    if (step === undefined) continue
    let end = start + 1
    while (steps[end] === step) end++
    found(
      start,
      end,
      4 + (Math.abs(step) <= 2 ? 2.5 : 6) + costOfLength(end - start),
      step === 0 ? 'repeats' : 'sequence',
    )
    end = start
    while (steps[end] !== undefined && steps[end] === steps[end - distance]) end++
    if (end > start) found(start, end, 5 + costOfLength(end - start), 'sequence')
  }
}

/** Numbers with a step between them: 1234567891011, 0510152025, 100200300. */
function findCounting(text: string, found: Found): void {
  for (let start = 0; start < text.length; start++) {
    for (let width = 1; width <= 5; width++) {
      for (const second of [width, width + 1]) {
        const one = text.slice(start, start + width)
        const other = text.slice(start + width, start + width + second)
        if (other.length < second || !/^\d+$/.test(one + other)) continue
        const step = Number(other) - Number(one)
        if (step === 0 || Math.abs(step) > 100) continue
        let end = start + width + second
        for (let next = Number(other) + step; next > 0; next += step) {
          const written = String(next).padStart(one.startsWith('0') ? width : 1, '0')
          if (!text.startsWith(written, end)) break
          end += written.length
        }
        if (end > start + width + second) {
          found(start, end, 3.4 * width + 4 + (step === 1 ? 1 : 6) + costOfLength(end - start), 'sequence')
        }
      }
    }
  }
}

/** From key to neighbouring key, or a little further in the alphabet each time. */
function findWalks(text: string, found: Found): void {
  const places = [...text].map(orders[1] ?? (() => -1))
  for (let start = 1; start < text.length; start++) {
    let end = start
    while (end < text.length && areNeighbours(text[end - 1] ?? '', text[end] ?? '')) end++
    if (end > start) found(start, end, 3.2 * (end - start), 'sequence')
    for (const direction of [1, -1]) {
      for (let distance = 1; distance <= 3; distance++) {
        end = start
        while (end < text.length && isFurther(places[end - distance], places[end], direction)) end++
        if (end > start) found(start, end, 2.3 * (end - start) + 3, 'sequence')
      }
    }
  }
}

function areNeighbours(a: string, b: string): boolean {
  const [one, other] = [keys.get(a), keys.get(b)]
  return !!one && !!other && Math.abs(one.row - other.row) <= 1 && Math.abs(one.column - other.column) <= 1
}

function isFurther(from = -1, to = -1, direction: number): boolean {
  if (from < 0 || to < 0) return false
  const step = (direction * (to - from) + 36) % 36
  return step >= 1 && step <= 5
}

const hexWords =
  /(?:dead|beef|cafe|babe|feed|f?ace|f00d|[cd]0de|fade|baa?d|dec[ao]de|d00d|ba5e|bead|ab(?:ad|e)d|effaced?|def|fee|dad|1337)+/gi

const dates =
  /(?:19|20)\d\d[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])[-/.]?(?:0[1-9]|[12]\d|3[01])[-/.]?(?:19|20)\d\d|(?:19|20)\d\d/g

function costOfLength(length: number): number {
  return 2 * Math.log2(length + 1)
}
