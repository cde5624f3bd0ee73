/** Two users of before with one address in two spellings: told, however many others there are. */
import t from 'tap'
import { openSqliteStores } from '../../src/engines/sqlite/sqlite-stores.ts'
import { reportSharedAddresses } from '../../src/names/shared-addresses.ts'

t.test('they are found on any page, and a search that fails ends without an error', async t => {
  const stores = await openSqliteStores(':memory:', () => 1000, true)
  t.teardown(() => stores.close())
  const user = (userId: string, email: string) => ({
    userId,
    username: userId,
    email,
    role: 'user',
    passwordHash: null,
  })
  const others = Array.from({ length: 1500 }, (_, i) => user(`u${i}`, `${String(i).padStart(4, '0')}@example.com`))
  const shared = [user('ascii', 'z@xn--exmple-cua.de'), user('unicode', 'z@exämple.de')]
  const neitherOfToday = [user('wide', 'y@日本語。jp'), user('narrow', 'y@日本語.jp')]
  await stores.users.importMissing([...others, ...shared, ...neitherOfToday])

  const warned: object[] = []
  const log = {
    warn: (fields: object) => void warned.push(fields),
    debug: (fields: object) => void warned.push(fields),
  }
  await reportSharedAddresses(stores.users, log)
  t.strictSame(warned, [{ users: ['narrow', 'wide'] }, { users: ['ascii', 'unicode'] }])

  const broken = { ...stores.users, listEmails: () => Promise.reject(new Error('away')) }
  await reportSharedAddresses(broken, log)
  t.match(warned[2], { err: { message: 'away' } })
})
