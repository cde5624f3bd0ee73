/** Looking at sessions and ending them. Ending tells this instance's revocation list at once; others poll. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { type Page, readPage } from '../base/pages.ts'
import type { ListedSession, Session, SessionPosition, SessionStore } from '../stores/stores.ts'
import { refuseTokensOf } from './ending.ts'
import type { Revocations } from './revocations.ts'
import { sessionState } from './session.ts'

interface Query<Position> {
  readonly limit: number
  readonly after?: Position | undefined
}

export interface SessionService {
  /**
   * Looks at the session's row: for acts that must not be done in the second before the poll tells of an end elsewhere.
   * @throws {SignetError} `token_revoked`
   */
  requireNotEnded(sid: string): Promise<void>
  /** A page of the live sessions of a user, newest first. */
  list(userId: string, query: Query<SessionPosition>): Promise<Page<Session, SessionPosition>>
  /** A page of the live sessions of everybody, in the order of their ids. */
  listAll(query: Query<string>): Promise<Page<ListedSession, string>>
  /** Ends the session of any authentic token; ending it again is no error (RFC 7009 section 2.2). */
  logOut(token: { readonly claims: { readonly sid: string; readonly sub: string } }, client: Client): Promise<void>
  /** Ends every session of the user. @param by the administrator who did it @returns how many were alive */
  logOutAll(userId: string, client: Pick<Client, 'ip'> | undefined, by?: string): Promise<number>
  /** Ends one of the user's own sessions. @throws {SignetError} `not_found` */
  end(userId: string, sid: string, client: Client): Promise<void>
  /** Ends a session, whoever it is of. @param by who did it @throws {SignetError} `not_found`, also when it was ended already */
  endAny(sid: string, by: string): Promise<Session>
}

export function createSessionService(dependencies: {
  sessions: SessionStore
  revocations: Pick<Revocations, 'add'>
  audit: Audit
}): SessionService {
  const { sessions, revocations, audit } = dependencies

  return {
    async requireNotEnded(sid) {
      const view = await sessions.find(sid)
      if (view && sessionState(view) !== 'revoked') return // how long a token lives, it says itself
      throw new SignetError('token_revoked', 'the session of this token has ended')
    },

    list: (userId, { limit, after }) =>
      readPage(
        limit,
        most => sessions.list(userId, { limit: most, after }),
        ({ createdAt, sid }) => ({ createdAt, sid }),
      ),
    listAll: ({ limit, after }) =>
      readPage(
        limit,
        most => sessions.listAll({ limit: most, after }),
        ({ session }) => session.sid,
      ),

    async logOut({ claims: { sid, sub } }, { ip }) {
      const ended = await sessions.revoke(sid, 'logout')
      revocations.add(sid)
      if (ended) audit({ event: 'logout', sub, sid, ip })
    },

    async logOutAll(userId, client, by) {
      const ended = await sessions.revokeAll(userId, by ? 'admin' : 'logout_all')
      const sessionsEnded = refuseTokensOf(ended, revocations)
      const whence = client && { ip: client.ip }
      audit({ event: 'logout.all', sub: userId, sessionsEnded, ...whence, ...(by && { by }) })
      return sessionsEnded
    },

    async end(userId, sid, { ip }) {
      if (!(await sessions.revokeOwn(userId, sid))) throw new SignetError('not_found', 'no such session of this user')
      revocations.add(sid)
      audit({ event: 'session.ended', sub: userId, sid, ip })
    },

    async endAny(sid, by) {
      const view = await sessions.find(sid)
      if (!view || !(await sessions.revoke(sid, 'admin'))) throw new SignetError('not_found', 'no such session')
      revocations.add(sid)
      audit({ event: 'session.ended', sub: view.session.userId, sid, by })
      return view.session
    },
  }
}
