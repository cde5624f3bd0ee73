/** A backup is checked before anybody hears that it was made. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { backedUp, damage, sessionOf } from './backed-up.ts'

t.test('a backup of a damaged database fails, leaves nothing, and says so', async t => {
  const { folder, path, stores, clock } = await backedUp(t)
  for (let i = 0; i < 300; i++) await stores.sessions.create(sessionOf(`more-${i}`, 'ana'), 0)
  await stores.close()
  damage(path)
  const opened = await openSqliteStores(path, clock)
  t.teardown(() => opened.close())
  const file = join(folder, 'copy.db')
  await t.rejects(
    opened.backup(file, () => {}),
    /no backup was made.*damaged/,
  )
  t.strictSame(
    readdirSync(folder).filter(name => name.startsWith('copy')),
    [],
  )
})
