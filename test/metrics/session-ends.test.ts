/** Which cause an ended session is counted under, and how many ended. */
import t from 'tap'
import type { AuditEvent } from '../../src/base/audit.ts'
import { sessionEnds, sessionsEndedBy } from '../../src/metrics/session-ends.ts'

const causes: readonly (readonly [AuditEvent['event'], string])[] = [
  ['logout', 'logout'],
  ['logout.all', 'logout_all'],
  ['session.ended', 'ended'],
  ['session.displaced', 'displaced'],
  ['refresh.reuse', 'reuse'],
  ['password.changed', 'password_changed'],
  ['password.reset', 'password_changed'],
  ['email.verified', 'email_changed'],
  ['email.restored', 'email_changed'],
  ['factor.added', 'factor_added'],
  ['factor.removed', 'factor_removed'],
  ['user.changed', 'user_changed'],
  ['user.deleted', 'user_deleted'],
]

t.test('every act that ends sessions has a cause, and says how many: none is none', async t => {
  for (const [event, cause] of causes) {
    for (const sessionsEnded of [0, 1, 3]) {
      t.strictSame(sessionsEndedBy({ event, sessionsEnded } as AuditEvent), { cause, count: sessionsEnded }, event)
    }
    t.strictSame(sessionsEndedBy({ event } as AuditEvent), { cause, count: 1 }, `${event} of one session`)
  }
  t.strictSame([...sessionEnds], [...new Set(causes.map(([, cause]) => cause))])
})

t.test('what ends no session is not counted as an end', async t => {
  for (const event of ['login', 'login.failed', 'refresh.rotated', 'refresh.ahead', 'session.confirmed'] as const) {
    t.equal(sessionsEndedBy({ event } as AuditEvent), undefined, event)
  }
})
