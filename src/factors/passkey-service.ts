/** Adding and removing passkeys. Each change ends the other sessions, and its owner is told. */
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import { refuseTokensOf } from '../sessions/ending.ts'
import type { Revocations } from '../sessions/revocations.ts'
import type { FactorChange, FactorStore, User, UserStore } from '../stores/stores.ts'
import { requireMayEnrol, requireWayIn, type SecondFactorMode } from './enrolment.ts'
import type { Whose } from './factor-service.ts'
import type { MailsTo } from './notices.ts'
import type { Passkey, Passkeys, RegistrationResponseJSON } from './passkeys.ts'

export interface PasskeyService {
  /** What the browser is asked with. @throws {SignetError} `second_factor_off`, `email_unverified`, `token_revoked` */
  start(whose: Whose): Promise<object>
  /** @throws {SignetError} `invalid_code`, also when nothing was begun in this session, or five minutes ago */
  add(whose: Whose, name: string, response: RegistrationResponseJSON, client: Client): Promise<Passkey>
  list(userId: string): Promise<Passkey[]>
  /** @throws {SignetError} `not_found`, `last_way_in` */
  remove(whose: Whose, id: string, client: Client): Promise<void>
}

export function createPasskeyService(dependencies: {
  users: Pick<UserStore, 'findById'>
  factors: Pick<FactorStore, 'remove'>
  passkeys: Pick<Passkeys, 'creationOptions' | 'add' | 'list'>
  revocations: Pick<Revocations, 'add'>
  audit: Audit
  mailsTo: MailsTo
  settings: { readonly secondFactor: SecondFactorMode }
}): PasskeyService {
  const { users, factors, passkeys, revocations, audit, mailsTo, settings } = dependencies
  const { secondFactor: mode } = settings

  function noteChange(event: 'factor.added' | 'factor.removed', { ended }: FactorChange, about: object): void {
    audit({ event, ...about, factor: 'passkey', sessionsEnded: refuseTokensOf(ended, revocations) })
  }

  async function userOf(userId: string): Promise<User> {
    const user = await users.findById(userId)
    if (!user) throw new SignetError('token_revoked', 'the user of this token is gone')
    return user
  }

  return {
    async start({ sub, sid }) {
      const user = await userOf(sub)
      requireMayEnrol(user, mode)
      return passkeys.creationOptions(user, sid)
    },

    async add({ sub, sid }, name, response, client) {
      const user = await userOf(sub)
      requireMayEnrol(user, mode)
      const mails = mailsTo(user, 'factor_added', client)
      const { added, ...change } = await passkeys.add({ userId: sub, sid, name, response, mails })
      noteChange('factor.added', change, { sub, sid, ip: client.ip })
      return added
    },

    list: passkeys.list,

    async remove({ sub, sid }, id, client) {
      const mails = mailsTo(await userOf(sub), 'factor_removed', client)
      const allow = (user: User, left: Parameters<typeof requireWayIn>[1]) => requireWayIn(user, left, mode)
      const change = await factors.remove(sub, { kind: 'passkey', factorId: id }, { keep: sid, allow, mails })
      if (!change) throw new SignetError('not_found', 'there is no such passkey of this user')
      noteChange('factor.removed', change, { sub, sid, ip: client.ip })
    },
  }
}
