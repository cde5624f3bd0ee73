/** Passkeys, by an authenticator in software: what is kept of one, and of whom. (Refused: passkey-verification.test.ts) */
import t from 'tap'
import { createAuthenticator } from '../helpers/passkey.ts'
import { origin, refused, rpId, withUsers } from './passkey-users.ts'

t.test('a passkey is enrolled, listed, and noted when it is used', async t => {
  const { stores, clock, passkeys, user, options } = await withUsers(t)
  const key = createAuthenticator({ origin, rpId, backupEligible: true })
  const asked = await options()
  t.match(asked, {
    rp: { id: rpId, name: rpId },
    user: { name: 'a', displayName: 'a' },
    attestation: 'none',
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
    excludeCredentials: [],
  })
  const { added, user: after } = await passkeys.add('id-a', 'sid', 'my phone', key.create(asked))
  t.match(added, { name: 'my phone', createdAt: clock(), lastUsedAt: null, synced: false })
  t.match(after, { credentialsVersion: 1, secondFactors: ['passkey'] })

  clock.advance(60)
  const login = await passkeys.loginOptions()
  t.match(login, { rpId, allowCredentials: [], userVerification: 'required' })
  const proof = await passkeys.checkLogin(key.get(login, { backupEligible: true, backedUp: true }))
  t.match(proof, { user: { userId: 'id-a', credentialsVersion: 1 }, amr: ['swk', 'user', 'mfa'] })
  t.match(await passkeys.list('id-a'), [{ id: added.id, lastUsedAt: clock(), synced: true }])

  const [factor] = await stores.factors.list('id-a')
  const { publicKey, userHandle, ...kept } = JSON.parse(factor?.data ?? '')
  t.equal(Buffer.from(userHandle, 'base64url').length, 32, 'random, and nothing of the user')
  t.match(kept, { credentialId: key.credentialId, transports: ['internal'], backupEligible: true, counter: 1 })
  t.equal(kept.transports.length, 1)
  t.ok(publicKey)
  t.match((await user()).credentialsVersion, 1)
})

t.test('another passkey of a user has the same handle, and those there are excluded', async t => {
  const { options, enrolled } = await withUsers(t)
  const first = (await options()) as { user: { id: string } }
  const key = await enrolled()
  const [second, again] = [await options(), await options()] as { user: { id: string }; excludeCredentials: object[] }[]
  t.match(second?.excludeCredentials, [{ id: key.credentialId, type: 'public-key', transports: ['internal'] }])
  t.equal(second?.user.id, again?.user.id)
  t.not(second?.user.id, first.user.id)
  t.not(((await options('sid', 'b')) as { user: { id: string } }).user.id, second?.user.id)
})

t.test('as a second factor one of this user answers, for this login, and need not verify its user', async t => {
  const { passkeys, user, enrolled } = await withUsers(t)
  t.equal(await passkeys.options({ purpose: 'second factor', user: await user(), of: 'login' }), undefined)
  const key = await enrolled()
  const question = { purpose: 'second factor', user: await user(), of: 'login' } as const
  const asked = await passkeys.options(question)
  t.match(asked, { rpId, allowCredentials: [{ id: key.credentialId }], userVerification: 'preferred' })
  const proof = await passkeys.check(question, key.get(asked ?? {}, { userVerified: false, userHandle: undefined }))
  t.strictSame(proof.amr, ['hwk', 'user'])
})

t.test('one passkey is one user’s', async t => {
  const { passkeys, options, enrolled } = await withUsers(t)
  const key = await enrolled('a')
  await t.rejects(passkeys.add('id-b', 'sid', 'x', key.create(await options('sid', 'b'))), refused)
  await t.rejects(passkeys.add('id-a', 'sid', 'x', key.create(await options('sid', 'a'))), refused)
})

t.test('a counter that stands still or goes back is no reason to refuse: copies count nothing', async t => {
  const { passkeys, enrolled } = await withUsers(t)
  const key = await enrolled()
  for (const counter of [7, 7, 0, 3])
    t.ok(await passkeys.checkLogin(key.get(await passkeys.loginOptions(), { counter })))
})
