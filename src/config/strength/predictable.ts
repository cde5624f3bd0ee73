/**
 * How much of a text is left when everything is taken away that follows from what people write or from the text itself.
 * The shortest description of the text is sought (words, runs and repeats against single characters, each at what it
 * costs in bits), so a random text keeps its characters: chance saves k bits once in 2^k texts, and no more.
 */
import { findRuns } from './runs.ts'
import { findWords } from './words.ts'

export type Kind = 'words' | 'repeats' | 'sequence'

/** Told of a piece of the text, from `start` to before `end`, that a description of so many bits gives. */
export type Found = (start: number, end: number, bits: number, kind: Kind) => void

export interface Remainder {
  /** How many characters nothing predicts. */
  readonly characters: number
  /** What most of the others are. */
  readonly kind: Kind
}

/** What it costs to say that a piece begins: more after a character that nothing predicts than after another piece. */
const beginning = 8
const beginningAfterPiece = 5

/**
 * A random text always has a piece that saves a few bits, and a phrase saves one or two for each of its letters. So a piece
 * takes away as many characters as this many times what it saves, and no more than it has.
 */
const significance = 8

/**
 * @param bitsOfCharacter what one character costs that nothing predicts
 * @param isText whether words are looked for
 */
export function remainderOf(text: string, bitsOfCharacter: number, isText = true): Remainder {
  const size = text.length
  const pieces: Piece[][] = Array.from({ length: size }, () => [])
  const found: Found = (start, end, bits, kind) => {
    if (bits + beginningAfterPiece < (end - start) * bitsOfCharacter) pieces[start]?.push({ end, bits, kind })
  }
  if (isText) findWords(text, found)
  findRuns(text, found)

  // For each place, the shortest description of what is before it, by what it ends with. A text begins like a piece.
  const afterCharacter: Path[] = Array.from({ length: size + 1 }, () => nowhere)
  const afterPiece: Path[] = Array.from({ length: size + 1 }, () => nowhere)
  afterPiece[0] = { ...nowhere, bits: 0 }
  for (let at = 0; at < size; at++) {
    const [a, b] = [afterCharacter[at] ?? nowhere, afterPiece[at] ?? nowhere]
    const shortest = a.bits < b.bits ? a : b
    afterCharacter[at + 1] = { bits: shortest.bits + bitsOfCharacter, via: shortest, length: 1, kind: undefined }
    const [via, start] = a.bits + beginning < b.bits + beginningAfterPiece ? [a, beginning] : [b, beginningAfterPiece]
    for (const { end, bits, kind } of pieces[at] ?? []) {
      const total = via.bits + start + bits
      if (total < (afterPiece[end] ?? nowhere).bits) afterPiece[end] = { bits: total, via, length: end - at, kind }
    }
  }

  const [a, b] = [afterCharacter[size] ?? nowhere, afterPiece[size] ?? nowhere]
  return sumUp(a.bits < b.bits ? a : b, bitsOfCharacter)
}

interface Piece {
  readonly end: number
  readonly bits: number
  readonly kind: Kind
}

/** The last step of a description, and the steps before it. */
interface Path {
  readonly bits: number
  readonly via: Path | undefined
  readonly length: number
  /** undefined: a character that nothing predicts. */
  readonly kind: Kind | undefined
}

const nowhere: Path = { bits: Number.POSITIVE_INFINITY, via: undefined, length: 0, kind: undefined }

const kinds: readonly Kind[] = ['words', 'repeats', 'sequence']

function sumUp(path: Path, bitsOfCharacter: number): Remainder {
  const lengths = { words: 0, repeats: 0, sequence: 0 }
  let characters = 0
  for (let step: Path | undefined = path; step; step = step.via) {
    if (!step.kind) {
      characters += step.length
      continue
    }
    lengths[step.kind] += step.length
    const saved = step.length * bitsOfCharacter - (step.bits - (step.via?.bits ?? 0))
    characters += Math.max(0, step.length - (significance * saved) / bitsOfCharacter)
  }
  const [kind] = kinds.toSorted((a, b) => lengths[b] - lengths[a])
  return { characters, kind: kind ?? 'words' }
}
