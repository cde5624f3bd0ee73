/** Reads every statement: for what one engine of those that speak PostgreSQL refuses, which docs/scaling.md must say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../helpers/places.ts'
import { everyStatement } from './all-statements.ts'

const changedTables = (text: string) =>
  [...text.matchAll(/\b(?:INSERT INTO|DELETE FROM|(?<!FOR (?:NO KEY )?|DO )UPDATE)\s+(\w+)/g)].map(([, table]) => table)
const changesTwice = (text: string) => {
  const tables = changedTables(text)
  return new Set(tables).size < tables.length
}
/** Aurora DSQL locks rows that are named by their key, and no others. */
const locksMany = (text: string) =>
  /\bFOR (NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b/.test(text) && !/WHERE \w+ = (\$1|'\w+') FOR/.test(text)

const refused: Record<string, (text: string) => boolean> = {
  'a table locked, or a number': text => /\bLOCK TABLE\b|pg_\w*advisory\w*\(/i.test(text),
  'one table changed twice': changesTwice,
  'a sample of rows': text => /\bTABLESAMPLE\b/.test(text),
  'rows skipped that are locked': text => /\bSKIP LOCKED\b/.test(text),
  'rows locked that are not named by their key': locksMany,
  'the catalogue': text => /\bpg_(catalog|locks|stat|class|index|namespace|relation_size)/.test(text),
}
/** What is used nowhere, because no two engines agree on it. */
const never =
  /\b(SAVEPOINT|TRUNCATE|LISTEN|NOTIFY|nextval|ctid|xmin|TEMP(ORARY)? TABLE|GENERATED|REFERENCES|LATERAL|MERGE|DEFERRABLE)\b/i

t.test('each statement has a name of its own, as a connection knows its plan by it', async t => {
  const names = everyStatement.map(({ name }) => name)
  t.ok(names.length > 100, `${names.length} statements`)
  t.strictSame(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  )
})

t.test('no statement changes a table twice, locks a table, or needs what one engine alone has', async t => {
  for (const { name, text } of everyStatement) {
    t.notOk(changesTwice(text), `${name}: ${changedTables(text)}`)
    t.notMatch(text, never, name)
    t.notMatch(text, /\bLOCK TABLE\b/i, name)
  }
  t.ok(changesTwice('WITH a AS (DELETE FROM attempts) INSERT INTO attempts SELECT'), 'it would be seen')
  t.ok(changesTwice('WITH a AS (UPDATE attempts SET b = 1) UPDATE attempts SET'))
  t.notOk(changesTwice('INSERT INTO attempts SELECT 1 ON CONFLICT (key) DO UPDATE SET b = 1'))
})

t.test('docs/scaling.md names every statement that another engine refuses', async t => {
  const documented = new Map(
    [
      ...readFileSync(join(root, 'docs', 'scaling.md'), 'utf8').matchAll(
        /^\| ([^|]+) \| [^|]+ \| (`[^|]+`|none) \|$/gm,
      ),
    ].map(([, what = '', names = '']) => [what, [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)]),
  )
  for (const [what, isRefused] of Object.entries(refused)) {
    const found = everyStatement.filter(({ text }) => isRefused(text)).map(({ name }) => name)
    t.strictSame(documented.get(what)?.toSorted(), found.toSorted(), what)
  }
})
