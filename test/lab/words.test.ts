/** The sentences of the lab are data: what they name exists, and the documents that repeat them say the same. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { acts } from '../../lab/words/acts.ts'
import { claimWords, headerWords } from '../../lab/words/claims.ts'
import { rows } from '../../lab/words/rows.ts'
import { beginningOf, steps } from '../../lab/words/tour.ts'
import { testApp } from '../helpers/app.ts'
import { root } from '../helpers/places.ts'
import { claimsOf, headerOf } from '../helpers/tokens.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const plain = (text: string) => text.replace(/\s+/g, ' ')

t.test('every act of a step exists, and may be done by whoever does it', async t => {
  for (const { id, setup = [], acts: words } of steps) {
    for (const one of [...setup, ...words]) {
      const [who = '', what = ''] = one.split(' ')
      if (who === 'time') t.match(what, /^(\d+|expiry)$/, id)
      else if (who === 'secret') t.match(what, /^(rotate|forget)$/, id)
      else {
        const act: { lanes: readonly string[] } | undefined = acts[what as keyof typeof acts]
        t.ok(act?.lanes.includes(who), `${id}: ${one}`)
      }
    }
  }
})

t.test('each step has a name of its own, a right guess among several, and a beginning', async t => {
  t.equal(new Set(steps.map(({ id }) => id)).size, steps.length)
  for (const [index, { id, right, guesses, both }] of steps.entries()) {
    t.ok(guesses.length >= 2 && right < guesses.length, id)
    const beginning = steps[beginningOf(index)]
    t.ok(beginning?.setup && Boolean(beginning.both) === Boolean(both), `${id} goes on under the rules it began with`)
  }
})

t.test('each claim and header member of our tokens has its sentence', async t => {
  const { logIn } = await testApp(t)
  const tokens = await logIn()
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    for (const name of Object.keys(claimsOf(token))) t.type(claimWords[name], 'string', name)
    for (const name of Object.keys(headerOf(token))) t.type(headerWords[name], 'string', name)
  }
})

t.test('the rows of the rule are those of docs/refresh.md', async t => {
  const table = read('docs/refresh.md').split('| the token is |')[1]?.split('\n\n')[0] ?? ''
  const written = table.split('\n').slice(2)
  t.equal(rows.length, written.length)
  for (const [index, { id, token, outcome }] of rows.entries()) {
    const [, first = '', , third = '', cause = ''] = written[index]?.split('|').map(cell => cell.trim()) ?? []
    t.equal(token, first, id)
    const word = cause.replaceAll('`', '')
    t.ok(
      word === ''
        ? third.replaceAll('`', '').includes(outcome.match(/^401( Token \w+)?/)?.[0] ?? '?')
        : outcome.endsWith(word),
      outcome,
    )
  }
})

t.test('docs/learn.md is the tour, word for word, with a picture of what it names', async t => {
  const text = read('docs/learn.md')
  const sections = text.split(/^### /m).slice(1)
  t.equal(sections.length, steps.length)
  for (const [index, { title, text: about, question, guesses, after }] of steps.entries()) {
    const section = plain(sections[index] ?? '')
    for (const part of [`${index + 1}. ${title}`, about, `**${question}** ${guesses.join(' / ')}`, after]) {
      t.ok(section.includes(plain(part)), part)
    }
  }
  for (const [, file = ''] of text.matchAll(/\]\((pictures\/[^)]+)\)/g))
    t.ok(existsSync(join(root, 'docs', file)), file)
  t.equal([...text.matchAll(/<summary>\d+\. .+\?<\/summary>/g)].length, 10)
})
