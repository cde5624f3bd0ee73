import type { Mutant } from './mutant.ts'

const compact = 'src/jws/compact-jws.ts'
const attacks = ['test/tokens/access-token-attacks.test.ts']

export const mutants: readonly Mutant[] = [
  {
    name: 'a token of any length is read',
    file: compact,
    find: "  if (token.length > maximumTokenBytes) throw invalid('it is longer than 4,096 bytes')\n",
    replace: '',
    tests: attacks,
  },
  {
    name: 'a token of 4,096 bytes is refused',
    file: compact,
    find: 'token.length > maximumTokenBytes',
    replace: 'token.length >= maximumTokenBytes',
    tests: ['test/tokens/verifier.test.ts'],
  },
  {
    name: 'a part may be written in several ways',
    file: compact,
    find: "  if (base64url(JSON.stringify(value)) !== part) throw invalid('a part is not in canonical form')\n",
    replace: '',
    tests: attacks,
  },
  {
    name: 'a token may have a fourth part',
    file: compact,
    find: "if (!isOfThreeParts || token.includes('.', second + 1))",
    replace: 'if (!isOfThreeParts)',
    tests: ['test/tokens/verifier.test.ts'],
  },
  {
    name: 'a signature of ES256 has several spellings',
    file: 'src/jws/jws.ts',
    find: 'isBase64url(splitCompactJws(token).signature) && verifies(verify, token)',
    replace: 'verifies(verify, token)',
    tests: attacks,
  },
  {
    name: 'a shorter signature is an error of ours',
    file: 'src/jws/hmac.ts',
    find: '    if (token.length !== dot + 1 + signatureLength) return false\n',
    replace: '',
    tests: ['test/jws/hmac.test.ts'],
  },
  {
    name: 'a character that only looks like one byte is an error of ours',
    file: 'src/jws/hmac.ts',
    find: 'given.length === expected.length && timingSafeEqual',
    replace: 'timingSafeEqual',
    tests: ['test/jws/hmac.test.ts'],
  },
]
