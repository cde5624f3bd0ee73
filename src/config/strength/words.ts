/**
 * Text as people write it, in any language that uses our letters, invented words and names included: each letter costs what
 * it costs after the two before it. No dictionary is needed, so nothing large is loaded at a start.
 */
import { letterOf } from '../../base/text.ts'
import costs from './letters-data.ts'
import type { Found } from './predictable.ts'

/** 27³ costs in steps of 0.8 bits; 0 is the edge of a word, 1 to 26 are the letters. */
const table = Buffer.from(costs, 'base64')

function costOf(before: number, last: number, next: number): number {
  const at = (before * 27 + last) * 27 + next
  const pair = table[at >> 1] ?? 0
  return 0.8 * (at & 1 ? pair & 15 : pair >> 4)
}

/** Tells of every stretch that may be words, at what it costs. */
export function findWords(text: string, found: Found): void {
  const letters = Array.from(text, readLetter)
  for (let start = 0; start < letters.length; start++) {
    // Two ways to read what came before: the last letter goes on a word, or it began one.
    let [goesOn, began] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    let [before, last, gap, separator, wasUpper] = [0, 0, 0, '', false]
    for (let end = start; end < letters.length; end++) {
      const { written, letter, isUpper } = letters[end] as Letter
      const ended = last === 0 ? gap : Math.min(goesOn + costOf(before, last, 0), began + costOf(0, last, 0))
      if (letter === 0 || letter === foreign) {
        gap = ended + (letter === foreign ? 3.5 : costOfSeparator(written, separator, last === 0))
        if (letter === 0) separator = written
        before = last = 0
      } else {
        const next = Math.min(
          goesOn + costOf(before, last, letter) + (isUpper === wasUpper ? 0.3 : 2.5),
          began + costOf(0, last, letter) + (isUpper !== wasUpper ? 0.5 : wasUpper ? 1.8 : 0.2), // Word or WORD
        )
        const joined = last === 0 ? 0 : isUpper && !wasUpper ? 1 : 2 // camelCase, or run together
        began = ended + joined + (isUpper === wasUpper ? 0.5 : 1.7) + costOf(0, 0, letter)
        goesOn = last === 0 ? Number.POSITIVE_INFINITY : next
        wasUpper = isUpper
        before = last
        last = letter
      }
      found(start, end + 1, last === 0 ? gap : Math.min(goesOn, began), 'words')
    }
  }
}

interface Letter {
  readonly written: string
  /** 0 for what separates words. */
  readonly letter: number
  readonly isUpper: boolean
}

/** Letters beyond ASCII: no generator of secrets writes them, so they are somebody's language. */
const foreign = 27

function readLetter(written: string): Letter {
  const letter = letterOf(written).toLowerCase().charCodeAt(0) - 96
  const isOurs = letter >= 1 && letter <= 26
  return { written, letter: isOurs ? letter : written > '\x7f' ? foreign : 0, isUpper: /[A-Z]/.test(written) }
}

function costOfSeparator(character: string, former: string, follows: boolean): number {
  if (/\d/.test(character)) return follows && /\d/.test(former) ? 4 : 5
  if (character === former) return follows ? 3 : 1
  return (/[-_ .]/.test(character) ? 5 : 9) + (follows ? 1 : 0)
}
