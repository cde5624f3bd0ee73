/** Fresh: proved at most so many seconds ago, and not in the future. */
import t from 'tap'
import { requireFresh, requireMethod } from '../../src/tokens/freshness.ts'

const now = 1_800_000_000

for (const [ago, isFresh] of [
  [0, true],
  [300, true],
  [301, false],
  [-30, true], // another clock is a little ahead
  [-31, false],
  [-86_400, false],
] as const) {
  t.test(`proved ${ago} seconds ago it is ${isFresh ? '' : 'not '}fresh`, async t => {
    const act = () => requireFresh({ auth_time: now - ago }, now, 300)
    if (isFresh) t.doesNotThrow(act)
    else t.throws(act, { code: 'fresh_login_required', maxAgeSeconds: 300 })
  })
}

t.test('a token of the version before says neither when nor by what, and so is neither fresh nor strong', async t => {
  t.throws(() => requireFresh({}, now, 300), { code: 'fresh_login_required' })
  t.throws(() => requireMethod({}, 'mfa'), { code: 'stronger_login_required', maxAgeSeconds: undefined })
})

t.test('a login is by the methods that it names, whole words each', async t => {
  t.doesNotThrow(() => requireMethod({ amr: ['pwd', 'otp', 'mfa'] }, 'mfa'))
  t.throws(() => requireMethod({ amr: ['pwd'] }, 'mfa', 60), { code: 'stronger_login_required', maxAgeSeconds: 60 })
  t.throws(() => requireMethod({ amr: ['mfas'] }, 'mfa'), { code: 'stronger_login_required' })
})
