/** What both engines say of mails in the same words: `$now` is the moment of the statement. */
import { SignetError } from '../base/errors.ts'
import type { ListedMail, Mail, MailPurpose } from '../stores/stores.ts'
import type { Row } from './rows.ts'

export const hour = 3600

export const mailColumns =
  'id, purpose, user_id, address, language, created_at, expires_at, due_at, tries, sent_at, failure, typed, username, password_hash'

/** No lease and no wait is as long as two hours: what reaches further is of a clock that was ahead and has been corrected. */
const isDue = (mail: string) => `(${mail}.due_at <= $now OR ${mail}.due_at > $now + ${2 * hour})`

/** In seconds. Whoever asks again waits no longer than this for the next try; who asks for ever gets no more of them. */
const soon = 300

/** Asked for again: what still waits is good for as long as a new one would be, and what was sent stays as it is. */
export const askedAgain = (expiresAt: string) => `
  expires_at = CASE WHEN mails.sent_at IS NULL AND mails.due_at IS NOT NULL THEN ${expiresAt} ELSE mails.expires_at END,
  due_at = CASE WHEN mails.failure IS NOT NULL AND mails.due_at > $now + ${soon} THEN $now + ${soon} ELSE mails.due_at END`

/**
 * A name that was forgotten: one row is written, whoever has the name. A new one, or, when one is still to be looked up or
 * the hour has had its `$most`, one that is there: a mail that could not be sent would else take the requests with it.
 */
export const forgetName = `
  WITH lately AS (
    SELECT id, typed, due_at, created_at FROM mails
    WHERE name_key = $nameKey AND (typed IS NOT NULL OR created_at > $now - ${hour})
  ), standing AS (
    SELECT id FROM lately WHERE typed IS NOT NULL OR (SELECT count(*) FROM lately) >= $most
    ORDER BY CASE WHEN typed IS NOT NULL THEN 0 WHEN due_at IS NOT NULL THEN 1 ELSE 2 END, created_at DESC LIMIT 1
  )
  INSERT INTO mails (id, purpose, language, created_at, expires_at, due_at, name_key, typed)
  SELECT coalesce((SELECT id FROM standing), $id), 'forgot', $language, $now, $now + $lasts, $now, $nameKey,
    CASE WHEN NOT EXISTS (SELECT 1 FROM standing) THEN $typed END
  WHERE true
  ON CONFLICT (id) DO UPDATE SET ${askedAgain('excluded.expires_at')}`

/** Of a user's links for a new password, what waits after a failure: the one that is asked for now takes its place. */
export const supersedeOthers = `
  UPDATE mails SET due_at = NULL, failure = NULL
  WHERE user_id = $userId AND purpose = 'reset' AND id <> $id AND sent_at IS NULL AND failure IS NOT NULL`

/** The same where there have been enough of them: the one that waits stands for this request too. */
export const letStandIn = `
  UPDATE mails SET ${askedAgain('(SELECT asked.expires_at FROM mails AS asked WHERE asked.id = $id)')}
  WHERE user_id = $userId AND purpose = 'reset' AND sent_at IS NULL AND due_at IS NOT NULL`

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

/** With those the link that would prove the address of before, when there is another one. */
export const askedForOfAddress = `(${askedFor} OR purpose = 'verify')`

/** What goes when a change of address is undone: whatever leads to a later address, or in by another link. */
export const laterChanges = `user_id = $userId AND (${askedFor} OR (purpose = 'undo' AND created_at > $undoes))`

/** A name that will be that of whoever follows the link. */
export const heldName = 'expires_at > $now'

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
