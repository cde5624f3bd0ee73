/**
 * Makes src/config/strength/letters-data.ts: how likely a letter is after the two before it, in words that people write. To make
 * it again, install the lists beside the dependencies for the moment (they are needed for nothing else), and run this:
 *
 *   npm install --no-save @zxcvbn-ts/language-{en,de,fr,es-es,it,nl-be,pt-br,pl,cs,fi,id,ja} && node tools/train-letters.ts
 */
import { writeFileSync } from 'node:fs'

const languages = ['common', 'en', 'de', 'fr', 'es-es', 'it', 'nl-be', 'pt-br', 'pl', 'cs', 'fi', 'id', 'ja']
const weights: Record<string, number> = { en: 3, pl: 0.5, cs: 0.5, fi: 0.5, id: 0.5, ja: 0.5 }

/** What configurations say, which no dictionary has. */
const technical =
  'jwt jwts hmac sha auth oauth token tokens api app env dev prod config db sql http https www localhost admin src srv ' +
  'aws gcp url uri uuid xyz qwerty asdf zxcv passwd pwd cfg ssl tls rsa pem nodejs node js ts json yaml kubernetes docker ' +
  'nginx redis postgres mysql mongodb express fastify django laravel nestjs spring signet hs rs es key keys secret bit bits'

const alphabet = 27 // 0 is the edge of a word
const counts = new Float64Array(alphabet ** 3)

function learn(word: string, weight: number): void {
  const letters = word
    .normalize('NFD')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replace(/[^a-z]+/g, ' ')
    .trim()
  for (const part of letters.split(' ').filter(one => one.length > 1)) {
    let [before, last] = [0, 0]
    for (const letter of `${part}\x60`) {
      const symbol = letter.charCodeAt(0) - 96
      const at = (before * alphabet + last) * alphabet + symbol
      counts[at] = (counts[at] ?? 0) + weight
      before = last
      last = symbol
    }
  }
}

for (const language of languages) {
  const { dictionary } = await import(`@zxcvbn-ts/language-${language}`)
  for (const list of Object.values(dictionary) as string[][]) {
    // Lists are in order of frequency: by Zipf's law the first words make most of a text.
    for (const [rank, word] of list.entries()) learn(word, (weights[language] ?? 1) * (1 + 20_000 / (rank + 100)))
  }
}
for (const word of technical.split(' ')) learn(word, 400)

/** Smoothed by the pairs, and these by the letters alone, so that nothing is impossible. */
const nibbles: number[] = []
const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0)
const pairs = Array.from({ length: alphabet ** 2 }, (_, pair) => {
  const [last, symbol] = [Math.floor(pair / alphabet), pair % alphabet]
  return sum(Array.from({ length: alphabet }, (_, a) => counts[(a * alphabet + last) * alphabet + symbol] ?? 0))
})
for (let context = 0; context < alphabet ** 2; context++) {
  const last = context % alphabet
  const triples = counts.subarray(context * alphabet, (context + 1) * alphabet)
  const row = pairs.slice(last * alphabet, (last + 1) * alphabet)
  const [ofTriples, ofPairs] = [sum(triples), sum(row)]
  for (let symbol = 0; symbol < alphabet; symbol++) {
    const byPair = ((row[symbol] ?? 0) + 50 / alphabet) / (ofPairs + 50)
    const probability = ((triples[symbol] ?? 0) + 300 * byPair) / (ofTriples + 300)
    nibbles.push(Math.min(15, Math.round(-Math.log2(probability) / 0.8)))
  }
}
if (nibbles.length % 2) nibbles.push(0)
const bytes = Buffer.from(nibbles.flatMap((high, i) => (i % 2 ? [] : [high * 16 + (nibbles[i + 1] ?? 0)])))
const lines = bytes.toString('base64').match(/.{1,116}/g) ?? []
writeFileSync(
  'src/config/strength/letters-data.ts',
  `/** 27³ costs of a letter after two others, four bits each; made by tools/train-letters.ts. */\nexport default \`\n${lines.join('\n')}\n\`\n`,
)
