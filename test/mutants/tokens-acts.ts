import type { Mutant } from './mutant.ts'

const logins = 'src/tokens/logins.ts'
const service = 'src/tokens/token-service.ts'
const stepUp = 'src/tokens/step-up.ts'
const issuer = 'src/tokens/token-issuer.ts'

/** What is done with tokens: issue, refresh, confirm. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a refresh token that is given again differs from the one before',
    file: 'src/tokens/refresh-token.ts',
    find: 'iat: session.rotatedAt ?? session.createdAt',
    replace: 'iat: session.retriedAt ?? session.rotatedAt ?? session.createdAt',
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'a reuse ends the session without telling the revocation list',
    file: service,
    find: "        revocations.add(session.sid)\n        return { refusal: 'reuse', view }",
    replace: "        return { refusal: 'reuse', view }",
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'a reuse is refused before the session is ended',
    file: service,
    find: "if (!(await sessions.revoke(session.sid, 'reuse', session))) return undefined",
    replace: "if (sessions.revoke(session.sid, 'reuse', session) === undefined) return undefined",
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'a refresh that was refused is not audited',
    file: service,
    find: '    audit({ event: `refresh.${settled.cause ?? settled.refusal}`, sub, sid, ip: client.ip, ...about })\n    if (settled.refusal)',
    replace:
      '    if (!settled.refusal) audit({ event: `refresh.${settled.cause}`, sub, sid, ip: client.ip, ...about })\n    if (settled.refusal)',
    tests: ['test/http/audit.test.ts'],
  },
  {
    name: 'a login is not audited',
    file: logins,
    find: "    audit({ event: 'login', sub: userId, sid: view.session.sid, ip, amr })\n",
    replace: '',
    tests: ['test/http/audit.test.ts'],
  },
  {
    name: 'the tokens of a displaced session live on here',
    file: logins,
    find: '    refuseTokensOf(view.ended, revocations)\n',
    replace: '',
    tests: ['test/sessions/per-user.test.ts'],
  },
  {
    name: 'a user agent is stored at any length',
    file: logins,
    find: 'userAgent: userAgent?.slice(0, 256) ?? null',
    replace: 'userAgent: userAgent ?? null',
    tests: ['test/tokens/verifier.test.ts'],
  },
  {
    name: 'a login begins a session whatever happened to the user meanwhile',
    file: logins,
    find: "    if (!view) throw new SignetError(whenChanged, 'login failed: the user changed while the hash was computed')\n",
    replace:
      "    if (!view) throw new SignetError('taken', 'login failed: the user changed while the hash was computed')\n    void whenChanged\n",
    tests: ['test/login/one-hash.test.ts'],
  },
  {
    name: 'the refresh token says that it was made now',
    file: 'src/tokens/refresh-token.ts',
    find: 'iat: session.rotatedAt ?? session.createdAt,',
    replace: 'iat: session.rotatedAt ?? Math.floor(Date.now() / 1000),',
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'an access token logs a device in',
    file: logins,
    find: "return token?.type === 'refresh' ? token.claims : undefined",
    replace: 'return token?.claims as RefreshClaims | undefined',
    tests: ['test/login/device.test.ts'],
  },
  {
    name: 'an access token refreshes',
    file: service,
    find: "    if (token.type !== 'refresh') throw new SignetError('refresh_token_required', 'an access token was presented')\n",
    replace: '',
    tests: ['test/tokens/refresh.test.ts', 'test/http/lifecycle.test.ts'],
  },
  {
    name: 'a refresh that lost a race once is an outage',
    file: service,
    find: 'const maximumJudgements = 3',
    replace: 'const maximumJudgements = 1',
    tests: ['test/tokens/lost-races.test.ts', 'test/tokens/refresh.test.ts'],
  },
  {
    name: 'a refresh that loses every race never ends',
    file: service,
    find: 'judgement <= maximumJudgements',
    replace: 'judgement > 0 || judgement <= maximumJudgements',
    tests: ['test/tokens/lost-races.test.ts'],
  },
  {
    name: 'a reuse that lost its race ends nothing',
    file: service,
    find: "if (!(await sessions.revoke(session.sid, 'reuse', session))) return undefined\n",
    replace: "await sessions.revoke(session.sid, 'reuse', session)\n",
    tests: ['test/tokens/lost-races.test.ts'],
  },
  {
    name: 'a displaced session is not audited',
    file: logins,
    find: "    for (const { sid } of view.ended) audit({ event: 'session.displaced', sub: userId, sid, ip })\n",
    replace: '',
    tests: ['test/sessions/per-user.test.ts', 'test/http/audit.test.ts'],
  },
  {
    name: 'SESSIONS_PER_USER is always 100',
    file: logins,
    find: 'most: settings.sessionsPerUser,',
    replace: 'most: Math.max(100, settings.sessionsPerUser),',
    tests: ['test/sessions/per-user.test.ts'],
  },
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
  {
    name: 'both steps were right, and the failure of the password step stays booked when no session may begin',
    file: 'src/tokens/logins.ts',
    find: "return settling(proven, client, () => begin(proven, client, 'invalid_code'))",
    replace: "return begin(proven, client, 'invalid_code')",
    tests: ['test/factors/guessing.test.ts'],
  },
  {
    name: 'the audit line of a reuse says the presented generation twice and not how far the session is',
    file: 'src/tokens/token-service.ts',
    find: 'generation: settled.view?.session.generation ?? gen, presented: gen',
    replace: 'generation: gen, presented: gen',
    tests: [
      'test/tokens/refresh.test.ts',
      'test/tokens/lost-races.test.ts',
      'test/http/audit.test.ts',
      'test/http/lifecycle.test.ts',
    ],
  },
]
