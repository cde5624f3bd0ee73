import type { Mutant } from './mutant.ts'

const from = (name: string) => `clients/fastify-signet/src/${name}.ts`
const test = (name: string) => `clients/fastify-signet/test/${name}.test.ts`

/** The plugin for Fastify services: which token is taken, and what is refused. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a token is found by the end of its signature alone',
    file: from('seen'),
    find: 'if (recent?.token === token) return recent.user',
    replace: 'if (recent) return recent.user',
    tests: [test('seen')],
  },
  {
    name: 'tokens are remembered without a bound',
    file: from('seen'),
    find: '    if (young.size >= size) {\n      old = young\n      young = new Map()\n    }\n',
    replace: '    void size\n',
    tests: [test('seen')],
  },
  {
    name: 'one request changes the user of another',
    file: from('user'),
    find: 'return frozen(claims) as SignetUser',
    replace: 'return claims as unknown as SignetUser\n  void frozen',
    tests: [test('fastify')],
  },
  {
    name: 'a role list of one request changes that of another',
    file: from('user'),
    find: "  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner)\n",
    replace: '',
    tests: [test('fastify')],
  },
  {
    name: 'any token of ours is an access token',
    file: from('user'),
    find: " || claims['token_type'] !== 'access'",
    replace: '',
    tests: [test('tokens')],
  },
  {
    name: 'an e-mail address may be left out',
    file: from('user'),
    find: "email !== null && typeof email !== 'string'",
    replace: "email != null && typeof email !== 'string'",
    tests: [test('tokens')],
  },
  {
    name: 'a secret of 31 characters',
    file: from('options'),
    find: 'one.length < 32',
    replace: 'one.length < 31',
    tests: [test('tokens')],
  },
  {
    name: 'a URL with a slash at its end is an issuer',
    file: from('options'),
    find: '[^/?#]+(\\/[^?#]*[^/?#])?$',
    replace: '[^/?#]+(\\/[^?#]*)?$',
    tests: [test('tokens')],
  },
  {
    name: 'whenStale: refuse without a feed refuses nobody',
    file: from('options'),
    find: "  if (whenStale === 'refuse' && !resourceServer)\n    throw wrong('whenStale needs a resourceServer: nothing else grows stale')\n",
    replace: '',
    tests: [test('tokens')],
  },
  {
    name: 'each fetch of keys for an unknown one is one more for ever',
    file: from('keys'),
    find: 'askedAt = time.elapsed()\n    clearTimeout(timer)\n',
    replace: 'askedAt = time.elapsed()\n',
    tests: [test('tokens')],
  },
  {
    name: 'a Signet that says nothing is waited for as long as it likes',
    file: 'clients/fastify-signet/src/request.ts',
    find: 'AbortSignal.timeout(mostMilliseconds)',
    replace: 'AbortSignal.timeout(60 * mostMilliseconds)',
    tests: ['clients/fastify-signet/test/feed.test.ts'],
    only: 'says nothing',
  },
]
