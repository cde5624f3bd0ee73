import type { Mutant } from './mutant.ts'

const logins = 'src/tokens/logins.ts'
const service = 'src/tokens/token-service.ts'
const stepUp = 'src/tokens/step-up.ts'
const issuer = 'src/tokens/token-issuer.ts'

/** What is done with tokens: issue, refresh, confirm. */
export const mutants: readonly Mutant[] = [
  {
    name: 'who was right and may not come in is counted as wrong',
    file: logins,
    find: '      await authentication.settle(user, booked, client).catch(() => {})\n',
    replace: '      void [authentication, user, booked, client]\n',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'a code confirms no more than a password',
    file: stepUp,
    find: "note(user, sid, [...amr, 'mfa'], client)",
    replace: 'note(user, sid, [...amr], client)',
    tests: ['test/http/totp.test.ts'],
  },
  {
    name: 'a confirmation is not audited',
    file: stepUp,
    find: "    audit({ event: 'session.confirmed', sub: user.userId, sid, ip, amr })\n",
    replace: '    void [audit, ip]\n',
    tests: ['test/http/confirm.test.ts'],
  },
  {
    name: 'who confirms with a recovery code is not told how few are left',
    file: stepUp,
    find: 'return { ...issued, ...toldLeft(codesLeft) }',
    replace: 'return { ...issued, ...toldLeft(undefined && codesLeft) }',
    tests: ['test/http/recovery-codes.test.ts', 'test/http/confirm.test.ts', 'test/http/totp.test.ts'],
  },
  {
    name: 'the scope of who must add a factor is the role',
    file: issuer,
    find: 'scope: claims.role }',
    replace: "scope: view.user?.role ?? 'user' }",
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'how long a confirmed token is good is told by the clock of this machine',
    file: issuer,
    find: 'claimsOf(view)), issuedAt: view.now }',
    replace: 'claimsOf(view)), issuedAt: Math.floor(Date.now() / 1000) }',
    tests: ['test/http/confirm.test.ts'],
  },
  {
    name: 'the window of retries never begins anew',
    file: service,
    find: 'retryWindowIsOver(session, now))',
    replace: 'retryWindowIsOver(session, now) && session.retries < 0)',
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'a token that was ahead rotates whatever it was judged by',
    file: service,
    find: 'await sessions.recover(session, gen, rotation)',
    replace: 'await sessions.rotate(session.sid, session.generation, rotation)',
    tests: ['test/tokens/refresh.test.ts'],
  },
]
