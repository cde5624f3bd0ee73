import type { Mutant } from './mutant.ts'

const access = 'src/tokens/access-token.ts'
const claims = ['test/tokens/access-token-claims.test.ts']

/** What is in an access token, and which claims are taken. */
export const mutants: readonly Mutant[] = [
  {
    name: 'an access token says that its login is of now',
    file: access,
    find: 'auth_time: session.authTime',
    replace: 'auth_time: now',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'an access token outlives its session',
    file: access,
    find: 'exp: Math.min(now + accessTokenSeconds, endsAt(session))',
    replace: 'exp: now + accessTokenSeconds',
    tests: ['test/sessions/ended.test.ts', 'test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token of another audience is taken',
    file: access,
    find: "  if (!sharesOne(claims.aud, settings.audience) && claims.aud !== enrolmentAudience(settings)) return 'another audience'\n",
    replace: '',
    tests: ['test/tokens/audience.test.ts', 'test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token may be from the future by five minutes',
    file: access,
    find: 'const aheadSeconds = 30',
    replace: 'const aheadSeconds = 300',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token may live longer than ours',
    file: access,
    find: "  if (claims.exp - claims.iat > settings.accessTokenSeconds) return 'a longer life than ours'\n",
    replace: '',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'an e-mail address is missing in the token',
    file: access,
    find: '    email: user.email,\n',
    replace: '    email: null,\n',
    tests: ['test/tokens/verifier.test.ts'],
  },
  {
    name: 'the second of several audiences is not ours',
    file: access,
    find: 'aud.some(one => ours.includes(one))',
    replace: "ours.includes(aud[0] ?? '')",
    tests: ['test/tokens/audience.test.ts'],
  },
  {
    name: 'the scope is what the session was begun with',
    file: access,
    find: '    scope: role,\n',
    replace: "    scope: 'user',\n",
    tests: ['test/tokens/access-token-claims.test.ts', 'test/http/forms.test.ts'],
  },
  {
    name: 'the scope of a token for enrolment is the role that it does not have yet',
    file: access,
    find: '    scope: role,\n',
    replace: '    scope: user.role,\n',
    tests: ['test/http/enrolment.test.ts'],
    only: 'an administrator without one',
  },
  {
    name: 'two tokens of one second are one',
    file: access,
    find: 'jti: randomUUID(),',
    replace: 'jti: `${session.sid}.${now}` || randomUUID(),',
    tests: ['test/tokens/refresh.test.ts'],
  },
  {
    name: 'a token that is not good yet is good',
    file: access,
    find: ' || (claims.nbf ?? 0) > now + aheadSeconds',
    replace: '',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token of the version before, which has no scope, is refused',
    file: access,
    find: '  scope: Type.Optional(Type.String()),\n',
    replace: '  scope: Type.String(),\n',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token with a claim of a newer version is refused',
    file: access,
    find: '  nbf: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),\n})',
    replace:
      '  nbf: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),\n}, { additionalProperties: false })',
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'an id of a session of another length is looked up',
    file: access,
    find: "sid: Type.String({ pattern: '^[A-Za-z0-9_-]{22}$' })",
    replace: "sid: Type.String({ pattern: '^[A-Za-z0-9_-]+$' })",
    tests: ['test/tokens/access-token-claims.test.ts'],
  },
  {
    name: 'a token of another issuer is taken',
    file: access,
    find: "  if (claims.iss !== settings.publicUrl) return 'another issuer'\n",
    replace: '',
    tests: claims,
  },
  {
    name: 'a token of another service is taken, whose issuer begins alike',
    file: access,
    find: 'if (claims.iss !== settings.publicUrl)',
    replace: 'if (!claims.iss.startsWith(settings.publicUrl))',
    tests: claims,
  },
  {
    name: 'a single audience is an array of one',
    file: access,
    find: 'audience.length === 1 ? (audience[0] as string) : [...audience]',
    replace: '[...audience]',
    tests: ['test/tokens/audience.test.ts'],
  },
]
