import type { Mutant } from './mutant.ts'

const passkeys = 'src/factors/passkeys.ts'
const webauthn = 'src/factors/webauthn.ts'
const answers = ['test/factors/passkey-verification.test.ts']

/** Passkeys: what is asked of an authenticator, and which of its answers count. */
export const mutants: readonly Mutant[] = [
  {
    name: 'that a package is missing is the fault of the answer',
    file: 'src/factors/passkeys.ts',
    find: '    const library = await loadLibrary()\n    const credential ',
    replace: '    const library = await loadLibrary().catch(asRefused)\n    const credential ',
    tests: ['test/factors/not-installed.test.ts'],
  },
  {
    name: 'the challenge of a passkey of somebody else will do',
    file: passkeys,
    find: 'if (asked.userId !== user.userId || asked.data !== of)',
    replace: 'if (asked.data !== of)',
    tests: answers,
  },
  {
    name: 'the challenge of a passkey of another login will do',
    file: passkeys,
    find: 'if (asked.userId !== user.userId || asked.data !== of)',
    replace: 'if (asked.userId !== user.userId)',
    tests: answers,
  },
  {
    name: 'a passkey is added in a session that did not ask',
    file: passkeys,
    find: 'if (asked.userId !== userId || of !== sid)',
    replace: 'if (asked.userId !== userId)',
    tests: answers,
  },
  {
    name: 'a challenge of one kind is good for another',
    file: passkeys,
    find: 'challenges.take(idOf(challenge), `passkey ${kind}`)',
    replace: "challenges.take(idOf(challenge), `passkey ${kind === 'confirmation' ? 'second factor' : kind}`)",
    tests: answers,
  },
  {
    name: 'a login by a passkey alone without a PIN or a finger',
    file: passkeys,
    find: "if (!userVerified) throw refused('the authenticator did not verify its user')",
    replace: 'void userVerified',
    tests: answers,
  },
  {
    name: 'a passkey of another user is the second factor',
    file: passkeys,
    find: "if (userId !== user.userId) throw refused('it is of another user')",
    replace: 'void userId',
    tests: answers,
  },
  {
    name: 'a passkey outlives a change of the password',
    file: passkeys,
    find: 'if (credentialsVersion !== asked.credentialsVersion)',
    replace: 'if (credentialsVersion < (asked.credentialsVersion ?? 0))',
    tests: answers,
  },
  {
    name: 'the user that an authenticator names is not looked at',
    file: passkeys,
    find: "if (userHandle !== known.userHandle) throw refused('it is of another user')",
    replace: 'void userHandle',
    tests: answers,
  },
  {
    name: 'a passkey of a disabled user logs in',
    file: passkeys,
    find: 'if (!user || user.disabled)',
    replace: 'if (!user)',
    tests: answers,
  },
  {
    name: 'attestations with certificates are looked at',
    file: webauthn,
    find: '  requireNoCertificate(',
    replace: '  void (',
    tests: answers,
  },
  {
    name: 'a page in a frame of another origin may enrol and log in',
    file: webauthn,
    find: 'if (crossOrigin !== false || topOrigin !== undefined)',
    replace: 'if (crossOrigin === undefined)',
    tests: answers,
  },
  {
    name: 'a passkey may become one that is copied',
    file: webauthn,
    find: "if ((said.credentialDeviceType === 'multiDevice') !== known.backupEligible)",
    replace: 'if (known.backupEligible && !said)',
    tests: answers,
  },
  {
    name: 'the counter of an authenticator refuses',
    file: webauthn,
    find: "publicKey: Buffer.from(known.publicKey, 'base64url'), counter: 0 }",
    replace: "publicKey: Buffer.from(known.publicKey, 'base64url'), counter: known.counter }",
    tests: ['test/factors/passkeys.test.ts'],
  },
  {
    name: 'a step-up by a passkey is not one by two factors',
    file: 'src/tokens/step-up.ts',
    find: "[...new Set([...amr, 'mfa'])]",
    replace: '[...amr]',
    tests: ['test/http/passkeys.test.ts'],
  },
  {
    name: 'no passkey of RS256 is asked for or taken',
    file: 'src/factors/webauthn.ts',
    find: 'const algorithms = [-7, -8, -257]',
    replace: 'const algorithms = [-7, -8]',
    tests: ['test/factors/relying-party.test.ts'],
  },
  {
    name: 'a passkey of RS256 is asked for and refused',
    file: 'src/factors/webauthn.ts',
    find: 'supportedAlgorithmIDs: algorithms,',
    replace: 'supportedAlgorithmIDs: algorithms.slice(0, 2),',
    tests: ['test/factors/relying-party.test.ts'],
  },
]
