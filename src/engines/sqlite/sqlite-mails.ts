/** Mails in SQLite. */
import type { Clock } from '../../base/clock.ts'
import { live } from '../../sessions/live.ts'
import type { MailStore } from '../../stores/stores.ts'
import {
  ended,
  failedLately,
  forgetName,
  hour,
  letStandIn,
  sendable,
  supersedeOthers,
  toListedMail,
  toMail,
  unsent,
} from '../mail-sql.ts'
import { createMailEffects } from './mail-effects.ts'
import { toUser } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

export function createSqliteMails({ raw, read, write, transaction }: SqliteDatabase, clock: Clock): MailStore {
  const { add } = createMailEffects(raw, clock)
  const forget = raw.prepare(forgetName)
  const freeName = raw.prepare('DELETE FROM mails WHERE username = $username AND expires_at <= $now')
  const holder = raw.prepare(`
    SELECT 1 FROM users WHERE username = $username UNION ALL SELECT 1 FROM mails WHERE username = $username`)
  const ofHour = raw.prepare(`
    SELECT count(*) AS count FROM mails WHERE user_id = $userId AND purpose = $purpose AND created_at > $now - ${hour}`)
  const endOthers = raw.prepare(`
    UPDATE mails SET expires_at = min(expires_at, $now), due_at = NULL WHERE user_id = $userId AND purpose = $purpose`)
  const liveSession = raw.prepare(`SELECT 1 FROM sessions WHERE sid = $sid AND user_id = $userId AND ${live}`)
  const byId = raw.prepare('SELECT * FROM mails WHERE id = $id AND expires_at > $now')
  const userById = raw.prepare('SELECT * FROM users WHERE user_id = ?')
  const pending = raw.prepare(`
    SELECT address FROM mails WHERE user_id = $userId AND purpose = 'change' AND expires_at > $now
    ORDER BY created_at DESC LIMIT 1`)
  const anySendable = raw.prepare(`SELECT 1 ${sendable} LIMIT 1`)
  const claim = raw.prepare(`
    UPDATE mails SET due_at = $now + $lease, tries = tries + 1, failure = NULL
    WHERE id IN (SELECT mail.id ${sendable} LIMIT $limit) RETURNING *`)
  const lookedUp = raw.prepare(`
    UPDATE mails SET purpose = 'reset', user_id = $userId, address = $address, typed = NULL WHERE id = $id`)
  const supersede = raw.prepare(supersedeOthers)
  const standIn = raw.prepare(letStandIn)
  const nobody = raw.prepare('UPDATE mails SET due_at = NULL, typed = NULL WHERE id = ?')
  const sent = raw.prepare('UPDATE mails SET due_at = NULL, sent_at = $now, failure = NULL WHERE id = $id')
  const failed = raw.prepare('UPDATE mails SET due_at = $now + $wait, failure = $failure WHERE id = $id')
  const waiting = raw.prepare(`
    SELECT count(*) AS count, coalesce(max($now - created_at), 0) AS oldest FROM mails
    WHERE due_at >= 0 AND expires_at > $now`)
  const listUnsent = raw.prepare(`SELECT * FROM mails WHERE id > $after AND ${unsent} ORDER BY id LIMIT $limit`)
  const retryAll = raw.prepare(`UPDATE mails SET due_at = $now WHERE ${failedLately}`)
  const retryOne = raw.prepare(`UPDATE mails SET due_at = $now WHERE id = $id AND ${failedLately}`)
  const deleteEnded = raw.prepare(`
    DELETE FROM mails WHERE id IN (
      SELECT id FROM mails WHERE expires_at <= $now AND created_at <= $now - ${hour} LIMIT $limit)`)

  const countOf = (userId: string, purpose: string) =>
    Number(ofHour.get({ userId, purpose, now: clock() })?.['count'] ?? 0)

  return {
    forget: ({ lastsSeconds: lasts, ...name }, most) =>
      write(() => void forget.run({ ...name, lasts, most, now: clock() })),

    register: registration =>
      transaction(() => {
        const { username } = registration
        if (username !== null) freeName.run({ username, now: clock() })
        if (username !== null && holder.get({ username })) return false
        add(registration)
        return true
      }),

    replace: (mail, most, sid) =>
      transaction(() => {
        const { userId, purpose } = mail
        if (sid !== undefined && !liveSession.get({ sid, userId, now: clock() })) throw ended()
        if (countOf(userId, purpose) >= most) return false
        endOthers.run({ userId, purpose, now: clock() })
        add(mail)
        return true
      }),

    find: id =>
      read(() => {
        const row = byId.get({ id, now: clock() })
        if (!row) return undefined
        const mail = toMail(row)
        const user = mail.userId === null ? undefined : userById.get(mail.userId)
        return { mail, user: user && toUser(user) }
      }),
    pendingAddress: userId =>
      read(() => (pending.get({ userId, now: clock() })?.['address'] as string | undefined) ?? null),

    // Looked at first without the lock for writing: most of the time there is nothing.
    claim: async (limit, lease) =>
      (await read(() => anySendable.get({ now: clock() })))
        ? write(() => claim.all({ limit, lease, now: clock() }).map(toMail))
        : [],
    lookedUp: (id, found, most) =>
      transaction(() => {
        const isToSend = found !== undefined && countOf(found.userId, 'reset') < most
        const about = { id, userId: found?.userId ?? '' }
        if (found && isToSend) supersede.run(about)
        if (found && !isToSend) standIn.run({ ...about, now: clock() })
        if (isToSend) lookedUp.run({ id, ...found })
        else nobody.run(id)
        return isToSend
      }),
    sent: id => write(() => void sent.run({ id, now: clock() })),
    failed: (id, failure, wait) => write(() => void failed.run({ id, failure, wait, now: clock() })),

    waiting: () =>
      read(() => {
        const row = waiting.get({ now: clock() })
        return { count: Number(row?.['count']), oldestSeconds: Number(row?.['oldest']) }
      }),
    listUnsent: ({ limit, after = '' }) => read(() => listUnsent.all({ limit, after }).map(toListedMail)),
    retry: id =>
      write(() => {
        const now = clock()
        return Number((id === undefined ? retryAll.run({ now }) : retryOne.run({ id, now })).changes)
      }),
    deleteEnded: limit => write(() => Number(deleteEnded.run({ limit, now: clock() }).changes)),
  }
}
