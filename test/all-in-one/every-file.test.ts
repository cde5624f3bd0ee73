/** A test file that nobody runs would promise nothing. */
import { globSync } from 'node:fs'
import t from 'tap'
import { root } from '../helpers/places.ts'
import { filesAlone, filesOf, groups } from '../helpers/together.ts'

t.test('every test file is run, and once', async t => {
  const every = globSync(['test/**/*.test.ts', 'clients/*/test/**/*.test.ts'], { cwd: root })
  const shared = (Object.keys(groups) as (keyof typeof groups)[]).flatMap(filesOf)
  const groupFiles = Object.keys(groups).map(group => `test/all-in-one/${group}.test.ts`)
  t.strictSame([...filesAlone(), ...shared].sort(), every.sort())
  t.ok(every.length > 200)
  t.strictSame(
    groupFiles.filter(file => !every.includes(file)),
    [],
    'every group has a file that runs it',
  )
})
