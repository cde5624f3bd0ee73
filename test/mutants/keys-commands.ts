import type { Mutant } from './mutant.ts'

/** What `signet keys` does to the ring. */
export const mutants: readonly Mutant[] = [
  {
    name: 'somebody rotates before the staged key’s date',
    file: 'src/keys/key-service.ts',
    find: 'if (now < (next.changesAt ?? 0)) {',
    replace: 'if (now < 0) {',
    tests: ['test/keys/key-service.test.ts'],
  },
  {
    name: 'a key is staged with a secret that the service does not have',
    file: 'src/keys/key-service.ts',
    find: 'if (!isReadable(current)) {',
    replace: 'if (!current.publicJwk) {',
    tests: ['test/cli/keys.test.ts', 'test/keys/key-service.test.ts'],
  },
  {
    name: 'who replaced all keys is not audited',
    file: 'src/keys/key-service.ts',
    find: "    audit({ event: 'key.replaced', kid: key.kid, by })\n",
    replace: '',
    tests: ['test/keys/key-service.test.ts', 'test/cli/keys.test.ts'],
  },
  {
    name: 'who stages a key with one staged already stages another',
    file: 'src/keys/key-service.ts',
    find: '    if (next) throw new Error(`there is a staged key already: ${about(next)}`)\n',
    replace: '',
    tests: ['test/keys/key-service.test.ts', 'test/cli/keys.test.ts'],
  },
  {
    name: 'an emergency says that servers can read what they cannot',
    file: 'src/keys/key-service.ts',
    find: 'keys.every(key => key.alg !== alg || isReadable(key))',
    replace: 'keys.every(key => key.alg === alg || isReadable(key))',
    tests: ['test/keys/key-service.test.ts', 'test/cli/keys.test.ts'],
  },
  {
    name: 'a staged key of another algorithm keeps one from being staged, or signs',
    file: 'src/keys/key-service.ts',
    find: "next: keys.find(key => key.alg === alg && key.state === 'next')",
    replace: "next: keys.find(key => key.state === 'next')",
    tests: ['test/keys/key-service.test.ts'],
  },
]
