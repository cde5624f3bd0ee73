import type { Mutant } from './mutant.ts'

const check = 'src/factors/code-check.ts'
const step = 'src/factors/second-step.ts'
const challenge = 'src/factors/login-challenge.ts'
const overHttp = ['test/http/second-step.test.ts']

/** The step between a password and a session, and how often one may guess at it. */
export const mutants: readonly Mutant[] = [
  {
    name: 'the second step is left out',
    file: step,
    find: "if (user.secondFactors.length === 0) return { user, booked, amr: ['pwd'] }",
    replace: "if (code === undefined) return { user, booked, amr: ['pwd'] }",
    tests: overHttp,
  },
  {
    name: 'a challenge outlives a change of the user',
    file: step,
    find: '|| user.credentialsVersion !== challenge.credentialsVersion',
    replace: '',
    tests: overHttp,
    only: 'it dies with',
  },
  {
    name: 'a challenge is good for two logins',
    file: step,
    find: '    const wrongCodes = await challenges.close(challenge)\n',
    replace: '    const wrongCodes = 0\n',
    tests: overHttp,
  },
  {
    name: 'a challenge has any number of tries',
    file: step,
    find: 'const claim = () => challenges.countTry(challenge)',
    replace: 'const claim = async () => {}',
    tests: overHttp,
    only: 'five tries',
  },
  {
    name: 'anybody signs challenges',
    file: challenge,
    find: 'if (!ring.some(key => key.isSigned(text))) return undefined',
    replace: 'if (ring.length === 0) return undefined',
    tests: overHttp,
    only: 'nobody else signs one',
  },
  {
    name: 'a challenge is signed as an access token is',
    file: challenge,
    find: "const key = deriveKey(secret, salt, 'signet login challenge').toString('base64url')\n    return createJws({ kid, alg: 'HS256', typ: 'challenge+jwt', secret: key })",
    replace: "return createJws({ kid, alg: 'HS256', typ: 'at+jwt', secret })",
    tests: overHttp,
    only: 'nobody else signs one',
  },
  {
    name: 'the right password is a success of the throttle at once',
    file: 'src/login/authentication.ts',
    find: 'checkIn(name, password, client, device, () => false)',
    replace: 'checkIn(name, password, client, device, () => true)',
    tests: ['test/factors/guessing.test.ts'],
  },
  {
    name: 'the throttle never hears of a whole login',
    file: step,
    find: 'return proven(user, challenge.data ?? undefined, shown)',
    replace: 'return proven(user, undefined, shown)',
    tests: ['test/factors/guessing.test.ts'],
  },
  {
    name: 'LOGIN_FREE_FAILURES=0 lets codes be guessed',
    file: 'src/factors/code-limit.ts',
    find: 'if (booked.allowed) return booked.failures',
    replace: 'if (booked.allowed || booked.waitSeconds > 0) return 1',
    tests: ['test/factors/guessing.test.ts'],
  },
  {
    name: 'a right code takes back all wrong ones',
    file: check,
    find: '    await limit.takeBack(userId)\n',
    replace: '    await limit.takeBack(userId, 1000)\n',
    tests: ['test/factors/guessing.test.ts'],
    only: 'whenever a code may be tried',
  },
  {
    name: 'a right code takes back no wrong one of its login',
    file: step,
    find: 'if (wrongCodes > 0) await',
    replace: 'if (wrongCodes < 0) await',
    tests: ['test/factors/code-limit.test.ts'],
    only: 'takes back the wrong ones',
  },
  {
    name: 'wrong codes are forgotten a day after the first of them',
    file: check,
    find: '      await limit.fail(userId)\n',
    replace: '',
    tests: ['test/factors/code-limit.test.ts'],
    only: 'typing errors',
  },
  {
    name: 'every code keeps the wrong ones for another day',
    file: 'src/factors/code-limit.ts',
    find: 'reserve(bucket, bucket, freeCodes',
    replace: 'reserve(bucket, null, freeCodes',
    tests: ['test/factors/code-limit.test.ts'],
    only: 'typing errors',
  },
  {
    name: 'a dead challenge is a guess',
    file: check,
    find: '      await limit.takeBack(userId).catch(() => {})\n',
    replace: '',
    tests: ['test/factors/guessing.test.ts'],
    only: 'a dead challenge',
  },
  {
    name: 'the owner never hears of guesses',
    file: check,
    find: 'if (failures === suspicious) {',
    replace: 'if (failures > 1000) {',
    tests: ['test/factors/notices.test.ts'],
  },
  {
    name: 'two answers at the same moment to one challenge are two logins',
    file: 'src/factors/login-challenge.ts',
    find: "      if (!closed) throw dead('it was answered by another request')\n      return closed.wrongCodes",
    replace: '      return closed?.wrongCodes ?? 0',
    tests: ['test/http/one-session.test.ts'],
  },
]
