/** What belongs to a change of a user or to a mail, as statements for within its transaction. */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../base/clock.ts'
import { SignetError } from '../../base/errors.ts'
import type { MailEffects, NewMail, WaitingRegistration } from '../../stores/stores.ts'
import { askedFor, askedForOfAddress, claimsTo, heldName, keptAddress, laterChanges } from '../mail-sql.ts'

export interface MailEffectsOf {
  add(mail: NewMail | WaitingRegistration): void
  /** Whether a link was still good, which it no longer is. */
  spend(id: string): boolean
  /** @throws {SignetError} `taken` when the address is kept for somebody else */
  requireNotKept(email: string | null, userId: string): void
  /** @throws {SignetError} `taken` when the name is held for a registration */
  requireNotHeld(username: string): void
  /** Does all but spending. */
  apply(userId: string, effects: MailEffects): void
  /** Links that were asked for end with the password and the address they were asked under. */
  dropLinks(userId: string, isNewAddress: boolean): void
  dropAll(userId: string): void
}

export function createMailEffects(raw: DatabaseSync, clock: Clock): MailEffectsOf {
  // A way back is later than the one before it, also within one second: undoing it undoes what came after.
  const insert = raw.prepare(`
    INSERT INTO mails (id, purpose, user_id, address, language, created_at, expires_at, due_at, username, password_hash)
    SELECT $id, $purpose, $userId, $address, $language, at, at + $lasts, $now, $username, $passwordHash FROM (
      SELECT CASE $purpose WHEN 'undo' THEN max($now, 1 + coalesce((
        SELECT max(created_at) FROM mails WHERE user_id = $userId AND purpose = 'undo'), 0)) ELSE $now END AS at)`)
  const spend = raw.prepare('DELETE FROM mails WHERE id = $id AND expires_at > $now')
  const kept = raw.prepare(`SELECT 1 FROM mails WHERE address = $email AND user_id <> $userId AND ${keptAddress}`)
  const held = raw.prepare(`SELECT 1 FROM mails WHERE username = $username AND ${heldName}`)
  const dropUnproven = raw.prepare(`
    UPDATE users SET unproven_email = NULL WHERE unproven_email = $address AND user_id <> $userId`)
  const dropClaims = raw.prepare(`DELETE FROM mails WHERE ${claimsTo}`)
  const dropLater = raw.prepare(`DELETE FROM mails WHERE ${laterChanges}`)
  const dropAsked = raw.prepare(`DELETE FROM mails WHERE user_id = ? AND ${askedFor}`)
  const dropOfAddress = raw.prepare(`DELETE FROM mails WHERE user_id = ? AND ${askedForOfAddress}`)
  const dropAll = raw.prepare('DELETE FROM mails WHERE user_id = ?')

  function add(mail: NewMail | WaitingRegistration): void {
    const { lastsSeconds: lasts, username = null, passwordHash = null, ...others } = mail as WaitingRegistration
    insert.run({ ...others, lasts, username, passwordHash, now: clock() })
  }

  return {
    add,
    spend: id => spend.run({ id, now: clock() }).changes === 1,
    requireNotKept(email, userId) {
      if (email !== null && kept.get({ email, userId, now: clock() })) {
        throw new SignetError('taken', 'the address is kept for its former owner')
      }
    },
    requireNotHeld(username) {
      if (held.get({ username, now: clock() })) throw new SignetError('taken', 'the name is held for a registration')
    },
    apply(userId, { mails = [], proves, undoes }) {
      if (proves !== undefined) {
        dropUnproven.run({ address: proves, userId })
        dropClaims.run({ address: proves })
      }
      if (undoes !== undefined) dropLater.run({ userId, undoes })
      for (const mail of mails) add(mail)
    },
    dropLinks: (userId, isNewAddress) => void (isNewAddress ? dropOfAddress : dropAsked).run(userId),
    dropAll: userId => void dropAll.run(userId),
  }
}
