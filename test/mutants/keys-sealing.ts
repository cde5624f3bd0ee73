import type { Mutant } from './mutant.ts'

const dataKey = 'src/keys/data-key.ts'
const service = 'src/keys/key-service.ts'

/** The data key, and what an operator does to the ring. */
export const mutants: readonly Mutant[] = [
  {
    name: 'the data key stays under a former secret',
    file: dataKey,
    find: 'isPresent: index === 0',
    replace: 'isPresent: index >= 0',
    tests: ['test/keys/data-key.test.ts'],
  },
  {
    name: 'of two who make the data key at once both keep their own',
    file: dataKey,
    find: "if (await store.replaceDataKey(found, sealed, opened ? undefined : 'ifUnused')) return",
    replace: "if ((await store.replaceDataKey(found, sealed, opened ? undefined : 'ifUnused')) || true) return",
    tests: ['test/keys/data-key.test.ts'],
  },
  {
    name: 'what the data key names is named by the key that encrypts',
    file: dataKey,
    find: "const naming = deriveKey(key, salt, 'signet named data')",
    replace: "const naming = deriveKey(key, salt, 'signet sealed data')",
    tests: ['test/keys/data-key.test.ts'],
  },
  {
    name: 'of two who stage a key at once both are told that theirs is',
    file: service,
    find: "if (!(await store.insert(key, 'next', activatesAt(0)))) {",
    replace: "if ((await store.insert(key, 'next', activatesAt(0))) === undefined) {",
    tests: ['test/keys/key-service.test.ts'],
  },
  {
    name: 'of two who let a key sign both are audited',
    file: service,
    find: "if (isOurs) audit({ event: 'key.activated'",
    replace: "if (isOurs !== undefined) audit({ event: 'key.activated'",
    tests: ['test/keys/key-service.test.ts'],
  },
  {
    name: 'a key of another algorithm is said to change',
    file: service,
    find: 'change: configured ? nextChange(key, keys, settings) : undefined',
    replace: 'change: nextChange(key, keys, settings)',
    tests: ['test/keys/key-service.test.ts'],
  },
  {
    name: 'a staged key of another algorithm retires the current one',
    file: 'src/keys/rotation.ts',
    find: "alg === key.alg && state === 'next')",
    replace: "state === 'next' || alg === '')",
    tests: ['test/keys/key-service.test.ts', 'test/keys/rotation.test.ts'],
  },
  {
    name: 'the JWKS is as of the start',
    file: 'src/keys/signing-keys.ts',
    find: '    await takeOver(keys)\n    asOf = now\n',
    replace: '    await takeOver(keys)\n    asOf ||= now\n',
    tests: ['test/keys/rotation.test.ts', 'test/keys/ring-changes.test.ts'],
  },
  {
    name: 'a staged key of another algorithm is told as the successor',
    file: 'src/keys/rotation.ts',
    find: "keys.find(({ alg, state }) => alg === key.alg && state === 'next')",
    replace: "keys.find(({ state }) => state === 'next')",
    tests: ['test/keys/rotation.test.ts', 'test/keys/key-service.test.ts'],
  },
  {
    name: 'who replaced the keys is not audited',
    file: 'src/keys/key-service.ts',
    find: "audit({ event: 'key.replaced', kid: key.kid, by })",
    replace: "audit({ event: 'key.replaced', kid: key.kid })",
    tests: ['test/keys/key-service.test.ts', 'test/cli/keys.test.ts'],
  },
  {
    name: 'an emergency says that keys of another algorithm could not be read',
    file: 'src/keys/key-service.ts',
    find: 'keys.every(key => key.alg !== alg || isReadable(key))',
    replace: 'keys.every(isReadable)',
    tests: ['test/keys/key-service.test.ts'],
  },
  {
    name: 'every start seals every key anew',
    file: 'src/keys/signing-keys.ts',
    find: 'if (index > 0) await store.reencrypt',
    replace: 'if (index >= 0) await store.reencrypt',
    tests: ['test/keys/rotation.test.ts'],
    only: 'a new secret takes the ring over',
  },
]
