/** What an authenticator answers is verified (WebAuthn sections 7.1 and 7.2): every answer that is refused. */
import t from 'tap'
import { createPasskeys as create, type Question } from '../../src/factors/passkeys.ts'
import { bytes, createAuthenticator, type Says, text } from '../helpers/passkey.ts'
import { ip, origin, refused, rpId, withUsers } from './passkey-users.ts'

const lies: [string, Says][] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['an origin that begins like ours', { origin: `${origin}.evil.example` }],
  ['another port', { origin: `${origin}:8443` }],
  ['http', { origin: 'http://app.example.com' }],
  ['another RP ID', { rpId: 'evil.example' }],
  ['another challenge', { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ['no challenge', { clientData: { challenge: undefined } }],
  ['a challenge that is no text', { clientData: { challenge: ['x'] } }],
  ['nobody present', { userPresent: false }],
  ['a page in a frame of another origin', { clientData: { crossOrigin: true } }],
  ['a page in a frame, as one that is not', { clientData: { topOrigin: 'https://evil.example' } }],
  ['backed up without being eligible', { backedUp: true }],
]

/** {"x5c": [h'00']}: nobody looks at it. */
const certificate = Buffer.concat([Buffer.from([0xa1]), text('x5c'), Buffer.from([0x81]), bytes(Buffer.from([0]))])

t.test('an enrolment is refused for every lie, and its challenge is gone with it', async t => {
  const more: [string, Says][] = [
    ['the answer of a login', { type: 'webauthn.get' }],
    ['an attestation with a certificate', { attestation: ['packed', certificate] }],
    ['an attestation that would be looked up', { attestation: ['android-safetynet', Buffer.from([0xa0])] }],
    ['an attestation of no kind', { attestation: ['nothing', Buffer.from([0xa0])] }],
  ]
  for (const [name, says] of [...lies, ...more]) {
    const { stores, passkeys, options } = await withUsers(t)
    const key = createAuthenticator({ origin, rpId })
    const asked = await options()
    await t.rejects(passkeys.add('id-a', 'sid', 'x', key.create(asked, says)), refused, name)
    const isOpen = !/challenge/.test(name)
    if (isOpen) await t.rejects(passkeys.add('id-a', 'sid', 'x', key.create(asked)), refused, `${name}, then the truth`)
    t.strictSame(await stores.factors.list('id-a'), [], name)
    t.match(await stores.users.findById('id-a'), { credentialsVersion: 0 })
  }
})

t.test('a login is refused for every lie, and its challenge is gone with it', async t => {
  const { passkeys, stores, events, enrolled } = await withUsers(t)
  const key = await enrolled()
  const more: [string, Says][] = [
    ['the answer of an enrolment', { type: 'webauthn.create' }],
    ['a user who was not verified', { userVerified: false }],
    ['no user', { userHandle: undefined }],
    ['an empty user', { userHandle: '' }],
    ['another user', { userHandle: 'AAAA' }],
    ['a passkey that could be copied all of a sudden', { backupEligible: true }],
  ]
  for (const [name, says] of [...lies, ...more]) {
    const asked = await passkeys.loginOptions()
    await t.rejects(passkeys.checkLogin(key.get(asked, says)), refused, name)
    const isOpen = !/challenge/.test(name)
    if (isOpen) await t.rejects(passkeys.checkLogin(key.get(asked)), refused, `${name}, then the truth`)
  }
  const asked = await passkeys.loginOptions()
  const answer = key.get(asked)
  const other = createAuthenticator({ origin, rpId })
  const stolen = { ...answer, response: { ...answer.response, signature: other.get(asked).response.signature } }
  await t.rejects(passkeys.checkLogin(stolen), refused, 'a signature of another key')
  await t.rejects(passkeys.checkLogin(other.get(await passkeys.loginOptions())), refused, 'a key that nobody knows')
  t.match(await stores.factors.list('id-a'), [{ lastUsedAt: null }], 'nothing of that was a use')
  t.ok(events.length > 20)
  for (const event of events) t.strictSame(event, { event: 'factor.failed', factor: 'passkey', ip })
  t.ok(await passkeys.checkLogin(key.get(await passkeys.loginOptions())), 'and the truth is believed')
})

t.test('an answer counts once, of 50 at once as well, and only for five minutes', async t => {
  const { passkeys, clock, enrolled } = await withUsers(t)
  const key = await enrolled()
  const answer = key.get(await passkeys.loginOptions())
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => passkeys.checkLogin(answer)))
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(passkeys.checkLogin(answer), refused, 'a replay')
  const old = await passkeys.loginOptions()
  clock.advance(300)
  await t.rejects(passkeys.checkLogin(key.get(old)), refused, 'an old challenge')
})

t.test('a challenge answers what it was asked for, of whom, and in which login', async t => {
  const { passkeys, stores, user, options, enrolled } = await withUsers(t)
  const [mine, hers] = [await enrolled('a'), await enrolled('b')]
  const question: Question = { purpose: 'second factor', user: await user(), of: 'login' }
  const others: Question = { purpose: 'second factor', user: await user('b'), of: 'login' }
  const ask = async (asked = question) => (await passkeys.options(asked)) ?? {}
  const check = (response: ReturnType<typeof mine.get>, asked = question) => passkeys.check(asked, response)

  await t.rejects(check(mine.get(await passkeys.loginOptions())), refused, 'that of a login without a password')
  await t.rejects(passkeys.checkLogin(mine.get(await ask())), refused, 'and the other way round')
  await t.rejects(check(mine.get(await ask(others))), refused, "another user's challenge")
  await t.rejects(check(hers.get(await ask())), refused, "another user's passkey")
  await t.rejects(check(mine.get(await ask({ ...question, of: 'x' }))), refused, 'another login')
  await t.rejects(check(mine.get(await ask()), { ...question, purpose: 'confirmation' }), refused, 'another purpose')
  const fresh = () => createAuthenticator({ origin, rpId })
  await t.rejects(passkeys.add('id-a', 'sid', 'x', fresh().create(await options('other'))), refused, 'another session')
  await t.rejects(passkeys.add('id-b', 'sid', 'x', fresh().create(await options())), refused, 'another user')
  await t.rejects(passkeys.add('id-a', 'sid', 'x', fresh().create(await passkeys.loginOptions())), refused, 'a login')

  const asked = await ask()
  await stores.users.update('id-a', { passwordHash: 'new' })
  await t.rejects(check(mine.get(asked)), refused, 'the password was changed meanwhile')
  const enrolment = await options()
  await stores.users.update('id-a', { passwordHash: 'newer' })
  await t.rejects(passkeys.add('id-a', 'sid', 'x', fresh().create(enrolment)), refused, 'an enrolment too')
  await stores.users.update('id-a', { disabled: true })
  await t.rejects(passkeys.checkLogin(mine.get(await passkeys.loginOptions())), refused, 'a disabled user')
  await stores.users.delete('id-a')
  await t.rejects(passkeys.checkLogin(mine.get(await passkeys.loginOptions())), refused, 'a deleted one')
})

t.test('an attestation with a certificate is refused before it is looked at; of itself a key may speak', async t => {
  const { passkeys, options } = await withUsers(t)
  const unread = { ...refused, message: /an attestation that nobody asked for/ }
  for (const attestation of [
    ['packed', certificate],
    ['tpm', Buffer.from([0xa0])],
    ['android-safetynet', Buffer.from([0xa0])],
  ] as const) {
    const response = createAuthenticator({ origin, rpId }).create(await options(), { attestation })
    await t.rejects(passkeys.add('id-a', 'sid', 'x', response), unread, attestation[0])
  }
  const key = createAuthenticator({ origin, rpId })
  const response = key.create(await options(), { isSelfAttested: true })
  const { attestationObject } = createAuthenticator({ origin, rpId }).create(await options(), {
    isSelfAttested: true,
  }).response
  const mixed = { ...response, response: { ...response.response, attestationObject } }
  await t.resolves(passkeys.add('id-a', 'sid', 'x', response))
  await t.rejects(passkeys.add('id-a', 'sid', 'x', mixed), refused)
})

t.test('what is not legible is refused, and is no error of ours', async t => {
  const { passkeys, options, enrolled } = await withUsers(t)
  const key = await enrolled()
  for (const broken of ['', 'e30', 'bnVsbA', 'AAAA', '!', 'x'.repeat(5000)]) {
    for (const member of ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle']) {
      const answer = key.get(await passkeys.loginOptions())
      const changed = { ...answer, response: { ...answer.response, [member]: broken } }
      await t.rejects(passkeys.checkLogin(changed), refused, `${member}: ${broken.slice(0, 9)}`)
    }
    for (const member of ['clientDataJSON', 'attestationObject']) {
      const answer = createAuthenticator({ origin, rpId }).create(await options())
      const changed = { ...answer, response: { ...answer.response, [member]: broken } }
      await t.rejects(passkeys.add('id-a', 'sid', 'x', changed), refused, `${member}: ${broken.slice(0, 9)}`)
    }
  }
})

t.test('a passkey that is removed while its answer is looked at opens nothing', async t => {
  const { stores, enrolled } = await withUsers(t)
  const key = await enrolled()
  const users = {
    async findById(userId: string) {
      await stores.factors.remove(userId, {})
      return stores.users.findById(userId) // as it is without the passkey
    },
  }
  const racing = create({ ...stores, users, rp: { id: rpId, origins: [origin] }, audit: () => {} })
  await t.rejects(racing.checkLogin(key.get(await racing.loginOptions()), { ip }), refused)
})
