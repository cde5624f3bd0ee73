/** What belongs to a change of a user or to a mail, as statements for within its transaction. */
import { SignetError } from '../../base/errors.ts'
import type { MailEffects, NewMail, WaitingRegistration } from '../../stores/stores.ts'
import { askedFor, askedForOfAddress, claimsTo, heldName, keptAddress, laterChanges } from '../mail-sql.ts'
import { type Ask, statement } from './postgres-database.ts'

// A way back is later than the one before it, also within one second: undoing it undoes what came after.
const insert = statement(
  'insert mail',
  `INSERT INTO mails (id, purpose, user_id, address, language, created_at, expires_at, due_at, username, password_hash)
  SELECT $id, $purpose, $userId, $address, $language, at, at + $lasts::bigint, $now, $username, $passwordHash FROM (
    SELECT CASE $purpose::text WHEN 'undo' THEN greatest($now, (
      SELECT 1 + max(created_at) FROM mails WHERE user_id = $userId AND purpose = 'undo')) ELSE $now END AS at) AS moment`,
)
const spendLink = statement('spend link', 'DELETE FROM mails WHERE id = $id AND expires_at > $now RETURNING id')
const kept = statement(
  'kept address',
  `SELECT 1 AS one FROM mails WHERE address = $email AND user_id <> $userId AND ${keptAddress}`,
)
/** An address is a key of the table, so this waits for whoever changes it, and for nobody else who changes the user. */
const lockHolders = statement(
  'lock holders of addresses',
  'SELECT 1 AS one FROM users WHERE email = ANY ($emails::text[]) ORDER BY user_id FOR KEY SHARE',
)
const held = statement('held name', `SELECT 1 AS one FROM mails WHERE username = $username AND ${heldName}`)
const dropUnproven = statement(
  'drop unproven addresses',
  'UPDATE users SET unproven_email = NULL WHERE unproven_email = $address AND user_id <> $userId',
)
const dropClaims = statement('drop claims to address', `DELETE FROM mails WHERE ${claimsTo}`)
const dropLater = statement(
  'drop later changes',
  `DELETE FROM mails WHERE ${laterChanges.replace('$undoes', '$undoes::bigint')}`,
)
const dropAsked = statement('drop links asked for', `DELETE FROM mails WHERE user_id = $userId AND ${askedFor}`)
const dropOfAddress = statement(
  'drop links of address',
  `DELETE FROM mails WHERE user_id = $userId AND ${askedForOfAddress}`,
)
const dropOfUser = statement('drop mails of user', 'DELETE FROM mails WHERE user_id = $userId')

export async function addMail(ask: Ask, mail: NewMail | WaitingRegistration): Promise<void> {
  const { lastsSeconds: lasts, username = null, passwordHash = null, ...others } = mail as WaitingRegistration
  await ask(insert, { ...others, lasts, username, passwordHash })
}

/** Whether a link was still good, which it no longer is. */
export async function spend(ask: Ask, id: string | undefined): Promise<boolean> {
  return id === undefined || (await ask(spendLink, { id })).length === 1
}

/**
 * Before somebody gets an address, within the transaction: whoever is just giving it up is waited for, so that it is seen to
 * be kept. A unique index alone waits too, but then goes by what was there when the statement began, or the transaction.
 */
export async function waitForHolders(ask: Ask, emails: readonly (string | null)[]): Promise<void> {
  const given = emails.filter(email => email !== null)
  if (given.length > 0) await ask(lockHolders, { emails: given })
}

/** @throws {SignetError} `taken` when the address is kept for somebody else */
export async function requireNotKept(ask: Ask, email: string | null, userId: string): Promise<void> {
  if (email === null || (await ask(kept, { email, userId })).length === 0) return
  throw new SignetError('taken', 'the address is kept for its former owner')
}

/**
 * After somebody got a name: whoever was about to hold it was waited for (`nameForAMoment` of postgres-mails.ts), and at
 * READ COMMITTED the next statement sees what came of that.
 * @throws {SignetError} `taken` when the name is held for a registration
 */
export async function requireNotHeld(ask: Ask, username: string): Promise<void> {
  if ((await ask(held, { username })).length === 0) return
  throw new SignetError('taken', 'the name is held for a registration')
}

/** Does all but spending. */
export async function applyEffects(
  ask: Ask,
  userId: string,
  { mails = [], proves, undoes }: MailEffects,
): Promise<void> {
  if (proves !== undefined) {
    await ask(dropUnproven, { address: proves, userId })
    await ask(dropClaims, { address: proves })
  }
  if (undoes !== undefined) await ask(dropLater, { userId, undoes })
  for (const mail of mails) await addMail(ask, mail)
}

/** Links that were asked for end with the password and the address they were asked under. */
export async function dropLinks(ask: Ask, userId: string, isNewAddress: boolean): Promise<void> {
  await ask(isNewAddress ? dropOfAddress : dropAsked, { userId })
}

export async function dropMailsOf(ask: Ask, userId: string): Promise<void> {
  await ask(dropOfUser, { userId })
}
