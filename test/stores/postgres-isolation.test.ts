/** The contract at the stricter isolation levels, where PostgreSQL undoes what meets another's change (40001). */
import t from 'tap'
import { isLong } from '../helpers/long.ts'
import { testAttempts } from './attempts.contract.ts'
import { testKnownAttempts } from './known-attempts.contract.ts'
import { testLimits } from './limits.contract.ts'
import { atLevel } from './opened-postgres.ts'
import { postgresEngine, testContract } from './postgres.contract.ts'
import { testRotations } from './rotations.contract.ts'
import { testSessionLimit } from './session-limit.contract.ts'
import { testStores } from './stores.contract.ts'

const at = (level: string) => postgresEngine(`PostgreSQL, ${level}`, url => atLevel(url, level))

if (isLong) {
  testContract(t, at('repeatable read'))
  testContract(t, at('serializable'))
} else {
  // What races; READ COMMITTED, the default, has the whole contract in postgres.test.ts.
  const strictest = at('serializable')
  testStores(t, strictest)
  testRotations(t, strictest)
  testAttempts(t, strictest)
  testKnownAttempts(t, strictest)
  testLimits(t, strictest)
  testSessionLimit(t, strictest)
}
