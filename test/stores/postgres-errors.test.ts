/** What each failure of PostgreSQL is for whoever asked (PostgreSQL manual, appendix A): something to try again, or ours. */
import pg from 'pg'
import t from 'tap'
import {
  errorOfConnect,
  errorOfQuery,
  isUsableAfter,
  ServerMistake,
} from '../../src/engines/postgres/postgres-errors.ts'

const unavailable = { name: 'SignetError', code: 'unavailable', status: 503, retryAfterSeconds: 1 }

function failure(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('in words', 8, 'error'), { code })
}

const away = {
  '08006': 'the connection was lost',
  '57P01': 'an administrator ends connections',
  '57P03': 'it starts or stops',
  '53300': 'too many connections',
  '53200': 'out of memory',
  '53100': 'the disk is full',
  '58030': 'the disk fails',
  '25006': 'it accepts no more writes',
  XX000: 'it is broken',
}
const undone = {
  '57014': 'the statement took too long',
  '55P03': 'a lock was not granted',
  '40001': 'a serialization failure',
  '40P01': 'a deadlock',
}
const refused = {
  '28P01': 'a wrong password',
  '28000': 'no right to connect',
  '3D000': 'no such database',
  '42501': 'no right to it',
}

for (const [code, what] of Object.entries({ ...away, ...undone })) {
  t.test(`${code}, ${what}: 503 to try again, for a query and for a connection`, async t => {
    t.match(errorOfQuery(failure(code)), unavailable)
    t.match(errorOfConnect(failure(code), false), unavailable)
    t.equal(isUsableAfter(failure(code)), code in undone, 'the connection is used again only when it can be')
  })
}

for (const [code, what] of Object.entries(refused)) {
  t.test(
    `${code}, ${what}: a mistake to mend before the first connection, an outage after it, an error of ours in a query`,
    async t => {
      const error = failure(code)
      t.type(errorOfConnect(error, false), ServerMistake)
      t.match(errorOfConnect(error, true), unavailable)
      t.equal(errorOfQuery(error), error)
    },
  )
}

t.test('no answer at all is 503, a wrong statement an error of ours, and what is taken is taken', async t => {
  t.match(errorOfQuery(new Error('read ECONNRESET')), unavailable)
  t.equal(isUsableAfter(new Error('read ECONNRESET')), false)
  const mistake = failure('42601')
  t.equal(errorOfQuery(mistake), mistake)
  t.equal(errorOfConnect(mistake, true), mistake)
  t.match(errorOfQuery(failure('23505')), { code: 'taken', status: 409 })
  t.equal(isUsableAfter(errorOfQuery(failure('23505'))), true)
  const old = new ServerMistake('PostgreSQL 14 or newer is needed')
  t.equal(errorOfConnect(old, true), old, 'what waiting does not mend')
})
