import type { Mutant } from './mutant.ts'

const access = 'src/tokens/access-token.ts'
const verifier = 'src/tokens/token-verifier.ts'
const claims = ['test/tokens/access-token-claims.test.ts']

/** What is in a token, and when one is taken. */
export const mutants: readonly Mutant[] = [
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
  {
    name: 'who must add a factor first is let in everywhere',
    file: verifier,
    find: 'if (claims.aud === forEnrolment && !mayEnrol)',
    replace: 'if (claims.aud === forEnrolment && mayEnrol)',
    tests: ['test/http/enrolment.test.ts'],
  },
  {
    name: 'the claims of a token can be changed by whoever reads them',
    file: verifier,
    find: 'claims: Object.freeze(claims) }',
    replace: 'claims }',
    tests: claims,
  },
  {
    name: 'a token is remembered before its expiry was looked at',
    file: verifier,
    find: "    if (clock() >= claims.exp) throw new SignetError('token_expired', 'token expired')\n    if (type",
    replace:
      "    if (!known && type === 'access') verified.add(token, claims)\n    if (known && clock() >= claims.exp + 1) throw new SignetError('token_expired', 'token expired')\n    if (type",
    tests: ['test/tokens/verifier.test.ts', ...claims],
  },
  {
    name: 'a login that is as old as it may be is too old',
    file: 'src/tokens/freshness.ts',
    find: 'now - at <= seconds',
    replace: 'now - at < seconds',
    tests: ['test/tokens/freshness.test.ts'],
  },
  {
    name: 'what is forgotten with its key is only the younger half',
    file: 'src/tokens/verified-tokens.ts',
    find: '    young = new Map()\n    old = new Map()\n',
    replace: '    young = new Map()\n',
    tests: ['test/tokens/verified-tokens.test.ts'],
  },
]
