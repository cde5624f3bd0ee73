/** What both engines say of mails in the same words: `$now` is the moment of the statement. */
import { SignetError } from '../base/errors.ts'
import type { ListedMail, Mail, MailPurpose } from '../stores/stores.ts'
import type { Row } from './rows.ts'

export const hour = 3600

export const mailColumns =
  'id, purpose, user_id, address, language, created_at, expires_at, due_at, tries, sent_at, failure, typed, username, password_hash'

/** No lease and no wait is as long as two hours: what reaches further is of a clock that was ahead and has been corrected. */
const isDue = (mail: string) => `(${mail}.due_at <= $now OR ${mail}.due_at > $now + ${2 * hour})`

/** The mails that may be sent now: of those to one address the one due first, and none while another is on its way or waits. */
export const sendable = `
  FROM mails AS mail
  WHERE ${isDue('mail')} AND mail.expires_at > $now AND NOT EXISTS (
    SELECT 1 FROM mails AS other
    WHERE other.address = mail.address AND other.id <> mail.id AND other.due_at IS NOT NULL AND other.expires_at > $now
      AND CASE WHEN ${isDue('other')} THEN other.due_at < mail.due_at OR (other.due_at = mail.due_at AND other.id < mail.id)
        ELSE other.tries > 0 END)
  ORDER BY mail.due_at`

/** A claimed mail has no failure: that of the last try is over, and this one's not yet known. */
export const unsent = 'sent_at IS NULL AND (due_at IS NOT NULL OR failure IS NOT NULL)'

/** What can be tried again; not what is being sent. */
export const failedLately = 'sent_at IS NULL AND failure IS NOT NULL AND expires_at > $now'

/** Who proved an address has it alone: these are the other claims to it, those of accounts apart. */
export const claimsTo = `address = $address AND purpose IN ('verify', 'change', 'register')`

/** Links that are good only under the password and the address of when they were asked for. */
export const askedFor = `purpose IN ('change', 'reset', 'invite')`

/** What goes when a change of address is undone: whatever leads to a later address, or in by another link. */
export const laterChanges = `user_id = $userId AND (${askedFor} OR (purpose = 'undo' AND created_at > $undoes))`

/** An address somebody gave up lately, and may want back. */
export const keptAddress = `purpose = 'undo' AND expires_at > $now`

export function ended(): SignetError {
  return new SignetError('token_revoked', 'the session that asked for it has ended')
}

export function toMail(row: Row): Mail {
  return {
    id: row['id'] as string,
    purpose: row['purpose'] as MailPurpose,
    userId: row['user_id'] as string | null,
    address: row['address'] as string | null,
    language: row['language'] as string,
    createdAt: row['created_at'] as number,
    expiresAt: row['expires_at'] as number,
    tries: row['tries'] as number,
    typed: row['typed'] as string | null,
    username: row['username'] as string | null,
    passwordHash: row['password_hash'] as string | null,
  }
}

export function toListedMail(row: Row): ListedMail {
  const { id, purpose, address, createdAt, expiresAt, tries } = toMail(row)
  return {
    id,
    purpose,
    address,
    createdAt,
    expiresAt,
    tries,
    dueAt: row['due_at'] as number | null,
    sentAt: row['sent_at'] as number | null,
    failure: row['failure'] as string | null,
  }
}
