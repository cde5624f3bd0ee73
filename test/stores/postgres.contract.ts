/** The whole contract, for PostgreSQL of whichever version, directly or through something in between. */
import type { Test } from 'tap'
import { openPostgresStores } from '../../src/engines/postgres/postgres-stores.ts'
import { migratedDatabase, serverOf } from '../helpers/postgres.ts'
import { testAddresses } from './addresses.contract.ts'
import { testAdmins } from './admins.contract.ts'
import { testAttempts } from './attempts.contract.ts'
import { testChallenges } from './challenges.contract.ts'
import { testConfirming } from './confirming.contract.ts'
import { testEnding } from './ending.contract.ts'
import { testFactors } from './factors.contract.ts'
import { testKeys } from './keys.contract.ts'
import { testKnownAttempts } from './known-attempts.contract.ts'
import { testLimits } from './limits.contract.ts'
import { testMails } from './mails.contract.ts'
import { testRotations } from './rotations.contract.ts'
import { testSessionLimit } from './session-limit.contract.ts'
import { testListing } from './sessions-listing.contract.ts'
import { type Engine, testStores } from './stores.contract.ts'
import { testTransfer } from './transfer.contract.ts'
import { testUsers } from './users.contract.ts'

export function postgresEngine(name: string, through: (url: string) => string = url => url): Engine {
  return {
    name,
    async open(t, clock, where) {
      const url = where ?? through(await migratedDatabase(t))
      // Hundreds of acts at once wait for ten connections: on a busy machine longer than the two seconds of an outage.
      const stores = openPostgresStores({ ...serverOf(url), connectSeconds: 60 }, clock)
      t.teardown(() => stores.close())
      await stores.ping()
      return { stores, where: url }
    },
  }
}

export const postgres = postgresEngine('PostgreSQL')

export function testContract(t: Test, engine: Engine): void {
  testStores(t, engine)
  testRotations(t, engine)
  testUsers(t, engine)
  testMails(t, engine)
  testAddresses(t, engine)
  testAttempts(t, engine)
  testKnownAttempts(t, engine)
  testLimits(t, engine)
  testKeys(t, engine)
  testFactors(t, engine)
  testChallenges(t, engine)
  testListing(t, engine)
  testSessionLimit(t, engine)
  testConfirming(t, engine)
  testEnding(t, engine)
  testAdmins(t, engine)
  testTransfer(t, engine)
}
