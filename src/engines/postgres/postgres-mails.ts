/** Mails in PostgreSQL. */
import { SignetError } from '../../base/errors.ts'
import { live } from '../../sessions/live.ts'
import type { MailStore } from '../../stores/stores.ts'
import {
  ended,
  failedLately,
  forgetName,
  hour,
  letStandIn,
  mailColumns,
  sendable,
  supersedeOthers,
  toListedMail,
  toMail,
  unsent,
} from '../mail-sql.ts'
import { addMail } from './mail-effects.ts'
import { among, type PostgresDatabase, statement } from './postgres-database.ts'
import { toUser, userColumns } from './rows.ts'

const forget = statement('forget password', forgetName)
const freeName = statement('free held name', 'DELETE FROM mails WHERE username = $username AND expires_at <= $now')
const holder = statement(
  'holder of name',
  `SELECT 1 AS one FROM users WHERE username = $username UNION ALL SELECT 1 FROM mails WHERE username = $username`,
)
// Names are those of users and those that are held, so no index sees to it that each is one's. Who holds one has it for a
// moment, and whoever makes a user of it meanwhile waits, and sees it held (`requireNotHeld`).
const nameForAMoment = statement(
  'have name for a moment',
  `INSERT INTO users (user_id, username, role, created_at) VALUES ('holds ' || $username::text, $username, '', $now)`,
)
const nobodyAgain = statement(
  'give name back',
  `DELETE FROM users WHERE user_id = 'holds ' || $username::text AND username = $username`,
)
const ofHour = statement(
  'mails of an hour',
  `SELECT count(*) AS count FROM mails WHERE user_id = $userId AND purpose = $purpose AND created_at > $now - ${hour}`,
)
const lockUser = statement('lock user of mail', 'SELECT 1 AS one FROM users WHERE user_id = $userId FOR NO KEY UPDATE')
const liveSession = statement(
  'live session of mail',
  `SELECT 1 AS one FROM sessions WHERE sid = $sid AND user_id = $userId AND ${live}`,
)
const endOthers = statement(
  'end other mails',
  `UPDATE mails SET expires_at = least(expires_at, $now), due_at = NULL WHERE user_id = $userId AND purpose = $purpose`,
)
const byId = statement('mail by id', `SELECT ${mailColumns} FROM mails WHERE id = $id AND expires_at > $now`)
const userById = statement('user of mail', `SELECT ${userColumns} FROM users WHERE user_id = $userId`)
const pending = statement(
  'pending address',
  `SELECT address FROM mails WHERE user_id = $userId AND purpose = 'change' AND expires_at > $now
  ORDER BY created_at DESC LIMIT 1`,
)
// What another instance is claiming is locked; what it has claimed is due later.
const claim = statement(
  'claim mails',
  `UPDATE mails SET due_at = $now + $lease::bigint, tries = tries + 1, failure = NULL
  WHERE id ${among(`SELECT mail.id ${sendable} LIMIT $limit::bigint FOR UPDATE OF mail SKIP LOCKED`)}
  RETURNING ${mailColumns}`,
)
const lookedUp = statement(
  'mail looked up',
  `UPDATE mails SET purpose = 'reset', user_id = $userId, address = $address, typed = NULL WHERE id = $id`,
)
const supersede = statement('supersede mails', supersedeOthers)
const standIn = statement('let a mail stand for another', letStandIn)
const nobody = statement('mail to nobody', 'UPDATE mails SET due_at = NULL, typed = NULL WHERE id = $id')
const sent = statement('mail sent', 'UPDATE mails SET due_at = NULL, sent_at = $now, failure = NULL WHERE id = $id')
const failed = statement(
  'mail failed',
  'UPDATE mails SET due_at = $now + $wait::bigint, failure = $failure WHERE id = $id',
)
const waiting = statement(
  'waiting mails',
  `SELECT count(*) AS count, coalesce(max($now - created_at), 0) AS oldest FROM mails
  WHERE due_at >= 0 AND expires_at > $now`,
)
const listUnsent = statement(
  'unsent mails',
  `SELECT ${mailColumns} FROM mails WHERE id > $after AND ${unsent} ORDER BY id LIMIT $limit::bigint`,
)
const retryAll = statement('retry mails', `UPDATE mails SET due_at = $now WHERE ${failedLately} RETURNING id`)
const retryOne = statement(
  'retry mail',
  `UPDATE mails SET due_at = $now WHERE id = $id AND ${failedLately} RETURNING id`,
)
const deleteEnded = statement(
  'delete ended mails',
  `DELETE FROM mails WHERE id ${among(`
    SELECT id FROM mails WHERE expires_at <= $now AND created_at <= $now - ${hour}
    ORDER BY expires_at LIMIT $limit::bigint FOR UPDATE SKIP LOCKED`)}
  RETURNING id`,
)

export function createPostgresMails({ ask, transaction }: PostgresDatabase): MailStore {
  return {
    forget: async ({ lastsSeconds: lasts, ...name }, most) =>
      void (await ask(forget, { ...name, lasts, most }).catch(isAskedAlready)),

    register: registration =>
      transaction(async ask => {
        const { username } = registration
        if (username !== null) {
          await ask(freeName, { username })
          if ((await ask(holder, { username })).length > 0) return false
          await ask(nameForAMoment, { username })
          await ask(nobodyAgain, { username })
        }
        await addMail(ask, registration)
        return true
      }),

    replace: (mail, most, sid) =>
      transaction(async ask => {
        const { userId, purpose } = mail
        if (sid !== undefined) {
          await ask(lockUser, { userId }) // whatever ends sessions of a user has this lock
          if ((await ask(liveSession, { sid, userId })).length === 0) throw ended()
        }
        if (Number((await ask(ofHour, { userId, purpose }))[0]?.['count']) >= most) return false
        await ask(endOthers, { userId, purpose })
        await addMail(ask, mail)
        return true
      }),

    async find(id) {
      const [row] = await ask(byId, { id })
      if (!row) return undefined
      const mail = toMail(row)
      const [user] = mail.userId === null ? [] : await ask(userById, { userId: mail.userId })
      return { mail, user: user && toUser(user) }
    },
    pendingAddress: async userId => ((await ask(pending, { userId }))[0]?.['address'] as string | undefined) ?? null,

    claim: async (limit, lease) => (await ask(claim, { limit, lease })).map(toMail),
    lookedUp: (id, found, most) =>
      transaction(async ask => {
        const before = found ? (await ask(ofHour, { userId: found.userId, purpose: 'reset' }))[0] : undefined
        const isToSend = found !== undefined && Number(before?.['count']) < most
        if (found) await ask(isToSend ? supersede : standIn, { id, userId: found.userId })
        if (isToSend) await ask(lookedUp, { id, ...found })
        else await ask(nobody, { id })
        return isToSend
      }),
    sent: async id => void (await ask(sent, { id })),
    failed: async (id, failure, wait) => void (await ask(failed, { id, failure, wait })),

    async waiting() {
      const [row] = await ask(waiting)
      return { count: Number(row?.['count']), oldestSeconds: Number(row?.['oldest']) }
    },
    listUnsent: async ({ limit, after = '' }) => (await ask(listUnsent, { limit, after })).map(toListedMail),
    retry: async id => (await (id === undefined ? ask(retryAll) : ask(retryOne, { id }))).length,
    deleteEnded: async limit => (await ask(deleteEnded, { limit })).length,
  }
}

/** By somebody else, at the same moment: one waits, and it is as new. */
function isAskedAlready(error: unknown): void {
  if (!(error instanceof SignetError && error.code === 'taken')) throw error
}
