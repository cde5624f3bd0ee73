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
    tests: ['test/jws/jws.test.ts'],
  },
  {
    name: 'a token of another type is signed by this key',
    file: 'src/jws/jws.ts',
    find: 'algorithms: [alg], checkTyp: typ,',
    replace: 'algorithms: [alg],',
    tests: ['test/jws/jws.test.ts'],
  },
  {
    name: 'a character that only looks like one byte is an error of ours',
    file: 'src/jws/hmac.ts',
    find: 'given.length === expected.length && timingSafeEqual',
    replace: 'timingSafeEqual',
    tests: ['test/jws/hmac.test.ts'],
  },
  {
    name: 'an empty signature is a part',
    file: 'src/jws/compact-jws.ts',
    find: ' && second + 1 < token.length',
    replace: '',
    tests: ['test/jws/compact-jws.test.ts'],
  },
  {
    name: 'a payload may be an array',
    file: 'src/jws/compact-jws.ts',
    find: ' || value === null || Array.isArray(value)) throw',
    replace: ' || value === null) throw',
    tests: ['test/jws/compact-jws.test.ts'],
  },
  {
    name: 'what the parser says quotes the token in the log',
    file: 'src/jws/compact-jws.ts',
    find: "  } catch {\n    throw invalid('a part is not JSON') // the parser's own message would quote the token\n",
    replace: '  } catch (error) {\n    throw invalid(String(error))\n',
    tests: ['test/jws/compact-jws.test.ts'],
  },
  {
    name: 'a verifier takes any algorithm of the library',
    file: 'src/jws/jws.ts',
    find: 'algorithms: [alg], checkTyp: typ,',
    replace: 'checkTyp: typ,',
    tests: ['test/jws/jws.test.ts'],
  },
  {
    name: 'the library judges expiry before we do',
    file: 'src/jws/jws.ts',
    find: 'ignoreExpiration: true, ignoreNotBefore: true',
    replace: 'ignoreNotBefore: true',
    tests: ['test/jws/jws.test.ts'],
  },
  {
    name: 'a token has no kid',
    file: 'src/jws/jws.ts',
    find: 'header: { alg, typ, kid }',
    replace: 'header: { alg, typ }',
    tests: ['test/http/lifecycle.test.ts'],
  },
  {
    name: 'signatures are compared as texts',
    file: 'src/jws/hmac.ts',
    find: 'given.length === expected.length && timingSafeEqual(given, expected)',
    replace: 'given.length === expected.length && given.toString().toLowerCase() === expected.toString().toLowerCase()',
    tests: ['test/jws/hmac.test.ts'],
  },
  {
    name: 'null is a payload',
    file: compact,
    find: "typeof value !== 'object' || value === null ||",
    replace: "typeof value !== 'object' ||",
    tests: ['test/jws/compact-jws.test.ts'],
  },
  {
    name: 'what the library throws at a signature goes up',
    file: 'src/jws/jws.ts',
    find: '  } catch {\n    return false\n  }\n',
    replace: "  } catch (error) {\n    if (String(error).includes('signature')) return false\n    throw error\n  }\n",
    tests: ['test/jws/jws.test.ts'],
  },
]
