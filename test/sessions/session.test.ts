/** The rule of docs/refresh.md, line by line, as a pure function. */
import t from 'tap'
import { decideRefresh, lastUsedAt, sessionState } from '../../src/sessions/session.ts'
import type { Session, SessionView, User } from '../../src/stores/stores.ts'

const now = 1_000_000
const policy = { raceWindowSeconds: 30, retriesPerDay: 2 }
const user: User = {
  userId: 'id-a',
  username: 'a',
  email: null,
  emailVerified: false,
  role: 'user',
  passwordHash: null,
  foreignHash: false,
  disabled: false,
  credentialsVersion: 0,
  createdAt: 0,
  secondFactors: [],
}

function view(changes: Partial<Session> = {}, others: Partial<SessionView> = {}): SessionView {
  const session: Session = {
    sid: 's',
    userId: 'id-a',
    createdAt: now - 5000,
    generation: 5,
    rotatedAt: now - 1000,
    retriedAt: null,
    retries: 0,
    retriesSince: null,
    expiresAt: now + 1000,
    maxExpiresAt: now + 2000,
    revokedAt: null,
    revokeReason: null,
    ip: null,
    userAgent: null,
    authTime: now - 5000,
    amr: ['pwd'],
    ...changes,
  }
  return { session, user, now, ...others }
}

const day = 86_400

const table: [string, SessionView, number, ReturnType<typeof decideRefresh>][] = [
  ['a revoked session, whatever is presented', view({ revokedAt: now - 1 }), 5, 'revoked'],
  ['a session of a deleted user', view({}, { user: undefined }), 5, 'revoked'],
  ['a session of a disabled user', view({}, { user: { ...user, disabled: true } }), 5, 'revoked'],
  ['revoked comes before expired', view({ revokedAt: now - 1, expiresAt: now - 1 }), 5, 'revoked'],
  ['idle age reached', view({ expiresAt: now }), 5, 'expired'],
  ['idle age not yet reached', view({ expiresAt: now + 1 }), 5, 'rotate'],
  ['absolute age reached', view({ maxExpiresAt: now }), 5, 'expired'],
  ['expired comes before reuse: nothing changes', view({ expiresAt: now }), 1, 'expired'],
  ['expired even within the race window', view({ rotatedAt: now - 1, expiresAt: now }), 4, 'expired'],

  ['the current token, never rotated', view({ generation: 0, rotatedAt: null }), 0, 'rotate'],
  ['the current token after the window', view({ rotatedAt: now - 30 }), 5, 'rotate'],
  ['the current token within the window', view({ rotatedAt: now - 29 }), 5, 'repeat'],

  ['the previous token within the window', view({ rotatedAt: now - 29 }), 4, 'repeat'],
  ['the previous token after the window', view({ rotatedAt: now - 30 }), 4, 'retry'],
  [
    'the previous token within the window of a retry',
    view({ retriedAt: now - 29, retries: 2, retriesSince: now - 40 }),
    4,
    'repeat',
  ],
  ['a second retry within the budget', view({ retriedAt: now - 30, retries: 1, retriesSince: now - 40 }), 4, 'retry'],
  ['the budget used up', view({ retriedAt: now - 30, retries: 2, retriesSince: now - 40 }), 4, 'reuse'],
  [
    'one second before the budget renews',
    view({ retriedAt: now - 30, retries: 2, retriesSince: now - day + 1 }),
    4,
    'reuse',
  ],
  ['the budget renewed', view({ retriedAt: now - 30, retries: 2, retriesSince: now - day }), 4, 'retry'],

  ['the token before the previous one, even within the window', view({ rotatedAt: now - 1 }), 3, 'reuse'],
  ['the very first token', view(), 0, 'reuse'],

  ['one ahead: a failover lost the last write', view(), 6, 'recover'],
  ['one ahead within the window', view({ rotatedAt: now - 1 }), 6, 'recover'],
  ['further ahead: an older database', view(), 7, 'ahead'],
]

for (const [what, session, gen, decision] of table) {
  t.test(`${what}: ${decision}`, async t => void t.equal(decideRefresh(session, gen, policy), decision))
}

t.test('without a window the current token always rotates and the previous one is a retry', async t => {
  const none = { raceWindowSeconds: 0, retriesPerDay: 1 }
  t.equal(decideRefresh(view({ rotatedAt: now }), 5, none), 'rotate')
  t.equal(decideRefresh(view({ rotatedAt: now }), 4, none), 'retry')
})

t.test('without a budget the previous token after the window ends the session', async t => {
  t.equal(decideRefresh(view(), 4, { raceWindowSeconds: 30, retriesPerDay: 0 }), 'reuse')
})

t.test('a session is live, revoked or expired, and remembers its last use', async t => {
  t.equal(sessionState(view()), 'live')
  t.equal(lastUsedAt(view({ rotatedAt: null }).session), now - 5000)
  t.equal(lastUsedAt(view({ retriedAt: now - 10 }).session), now - 10)
})
