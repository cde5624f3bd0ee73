/** A process of its own that writes to a SQLite database until its WAL began again several times, and says so to strace. */
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { movableClock } from './clock.ts'

const [path = '', amount = '0'] = process.argv.slice(2)
const stores = await openSqliteStores(path, movableClock())
await stores.limits.increment('first', 60) // the first write into a new WAL is part of the start

const mark = () => process.kill(process.pid, 0)
mark()
for (let done = 0; done < Number(amount); done += 100) {
  await Promise.all(Array.from({ length: 100 }, (_, i) => stores.limits.increment(`${done + i}`.padEnd(300), 60)))
}
mark()
await stores.close()
