/** Mails and users for the contract of the stores. */
import { randomBytes } from 'node:crypto'
import type { MailPurpose, NewMail, NewUser, Stores } from '../../src/stores/stores.ts'

export const day = 86_400
export const newId = () => randomBytes(16).toString('base64url')

export function mail(
  purpose: MailPurpose,
  userId: string | null,
  address: string | null,
  lastsSeconds = 1800,
): NewMail {
  return { id: newId(), purpose, userId, address, language: 'en', lastsSeconds }
}

export function user(name: string, others: Partial<NewUser> = {}): NewUser {
  return { userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: `hash of ${name}`, ...others }
}

export const forgotten = (nameKey: string) => ({
  id: newId(),
  nameKey,
  typed: `sealed ${nameKey}`,
  language: 'de',
  lastsSeconds: 1800,
})
export const idsOf = (mails: readonly { id: string }[]) => mails.map(({ id }) => id).toSorted()

/** Writes mails as a change of a user does. */
export async function write(stores: Stores, ...mails: NewMail[]): Promise<void> {
  await stores.users.create(user(`writer-${newId().slice(0, 8).toLowerCase()}`), { mails })
}
