/** Tokens in links: what they are bound to. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createMailLinks } from '../../src/mail/links.ts'
import { linkSeconds } from '../../src/mail/purposes.ts'
import { createTypedNames } from '../../src/mail/typed-name.ts'
import type { Mail, User } from '../../src/stores/stores.ts'
import { newSecret } from '../helpers/tokens.ts'

const salt = randomBytes(32)
const links = createMailLinks([newSecret()], salt)
const mail: Mail = {
  id: randomBytes(16).toString('base64url'),
  purpose: 'reset',
  userId: 'id-a',
  address: 'a@example.com',
  language: 'en',
  createdAt: 1,
  expiresAt: 2,
  tries: 1,
  typed: null,
  username: null,
  passwordHash: null,
}
const user = { userId: 'id-a', credentialsVersion: 3 } as User

t.test('a token is bound to the purpose, the row, the user, the address and the version of the credentials', t => {
  const token = links.tokenOf(mail, user)
  t.equal(links.isTokenOf(token, mail, user), true)
  t.equal(links.isTokenOf(token, { ...mail, language: 'de', tries: 9 }, user), true)
  const others: Partial<Mail>[] = [
    { purpose: 'invite' },
    { id: randomBytes(16).toString('base64url') },
    { userId: 'id-b' },
    { userId: null },
    { address: 'b@example.com' },
  ]
  for (const other of others) {
    const changed = { ...mail, ...other }
    t.equal(links.isTokenOf(`${changed.id}${token.slice(22)}`, changed, user), false, JSON.stringify(other))
  }
  t.equal(links.isTokenOf(token, mail, { ...user, credentialsVersion: 4 }), false)
  t.equal(createMailLinks([newSecret()], salt).isTokenOf(token, mail, user), false)
  t.end()
})

t.test('what sets a password dies with the one of now; what proves an address, and the way back, do not', t => {
  const dies = { reset: true, invite: true, verify: false, register: false, change: false, undo: false }
  t.strictSame(Object.keys(dies).sort(), Object.keys(linkSeconds).sort())
  for (const [purpose, isSo] of Object.entries(dies)) {
    const one: Mail = { ...mail, purpose: purpose as keyof typeof dies }
    const token = links.tokenOf(one, user)
    t.equal(links.isTokenOf(token, one, user), true, purpose)
    t.equal(links.isTokenOf(token, one, { ...user, credentialsVersion: 9 }), !isSo, purpose)
  }
  t.end()
})

t.test('what was typed is opened by the secret that sealed it, former ones included, and only in its row', t => {
  const [former, present] = [newSecret(), newSecret()]
  const sealed = createTypedNames([former], salt).seal('canary', mail.id)
  t.notMatch(sealed, 'canary')
  t.equal(createTypedNames([present, former], salt).open(sealed, mail.id), 'canary')
  t.equal(createTypedNames([present], salt).open(sealed, mail.id), undefined)
  t.equal(createTypedNames([former], salt).open(sealed, 'another row'), undefined)
  t.equal(createTypedNames([former], salt).open('', mail.id), undefined)
  t.end()
})
