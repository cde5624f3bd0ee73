/**
 * Passkeys: enrolled, listed, removed, and asked for. Each question is a row, found by the hash of its challenge and
 * deleted before anything of the answer is verified, so no answer counts twice, whatever is wrong with it.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Audit } from '../base/audit.ts'
import type { Client } from '../base/client.ts'
import { SignetError } from '../base/errors.ts'
import type {
  Challenge,
  ChallengeStore,
  Factor,
  FactorChange,
  FactorStore,
  NewMail,
  User,
  UserStore,
} from '../stores/stores.ts'
import {
  type AuthenticationResponseJSON,
  type Credential,
  claimedChallenge,
  creationOptions,
  factorIdOf,
  loadLibrary,
  type RegistrationResponseJSON,
  type RelyingParty,
  readAssertion,
  readNewCredential,
  requestOptions,
} from './webauthn.ts'

export type { AuthenticationResponseJSON, RegistrationResponseJSON } from './webauthn.ts'

/** In seconds: to find the key, and to try a finger twice. */
const patience = 300

export interface Passkey {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  /** Whether there is a copy of it elsewhere. */
  readonly synced: boolean
}

export interface GivenPasskey {
  readonly userId: string
  /** The session that was asked, and stays. */
  readonly sid: string
  /** What its owner calls it. */
  readonly name: string
  readonly response: RegistrationResponseJSON
  /** Written in the same transaction. */
  readonly mails: readonly NewMail[]
}

/** What an answer belongs to: a login that has begun, or a session. Nobody can use it for another. */
export interface Question {
  readonly purpose: 'second factor' | 'confirmation'
  readonly user: User
  readonly of: string
}

export interface Proof {
  readonly user: User
  /** In the words of RFC 8176. */
  readonly amr: readonly string[]
}

/** Everything that is wrong with an answer is `invalid_code`, all alike; the log says what. */
export interface Passkeys {
  list(userId: string): Promise<Passkey[]>
  /** @param sid the session that enrols it */
  creationOptions(user: User, sid: string): Promise<object>
  /** @returns the passkey, and what changed with it @throws {SignetError} `invalid_code` */
  add(given: GivenPasskey): Promise<FactorChange & { added: Passkey }>
  /** Options with which any passkey of ours answers, and so says whose it is. */
  loginOptions(): Promise<object>
  /** @throws {SignetError} `invalid_code`, also when the authenticator did not verify its user */
  checkLogin(response: AuthenticationResponseJSON, client: Pick<Client, 'ip'>): Promise<Proof>
  /** @returns undefined when the user has no passkey */
  options(question: Question): Promise<object | undefined>
  /** @throws {SignetError} `invalid_code` */
  check(question: Question, response: AuthenticationResponseJSON, client: Pick<Client, 'ip'>): Promise<Proof>
}

export function createPasskeys(dependencies: {
  factors: Pick<FactorStore, 'list' | 'find' | 'add' | 'use'>
  challenges: Pick<ChallengeStore, 'open' | 'take'>
  users: Pick<UserStore, 'findById'>
  rp: RelyingParty
  audit: Audit
}): Passkeys {
  const { factors, challenges, users, rp, audit } = dependencies

  const passkeysOf = async (userId: string) => (await factors.list(userId)).filter(({ kind }) => kind === 'passkey')

  async function ask(kind: Kind, user?: User, data: string | null = null): Promise<string> {
    const challenge = randomBytes(32).toString('base64url')
    const whose = { userId: user?.userId ?? null, credentialsVersion: user?.credentialsVersion ?? null }
    await challenges.open({ challengeId: idOf(challenge), kind: `passkey ${kind}`, ...whose, data }, patience)
    return challenge
  }

  /** Before anything else: what was answered once is over. */
  async function take(kind: Kind, response: { clientDataJSON: string }): Promise<Challenge & { challenge: string }> {
    const challenge = claimedChallenge(response)
    const row = challenge === undefined ? undefined : await challenges.take(idOf(challenge), `passkey ${kind}`)
    if (challenge === undefined || !row) throw refused('nobody asked for it, or too long ago')
    return { ...row, challenge }
  }

  async function add({ userId, sid, name, response, mails }: GivenPasskey) {
    const asked = await take('enrolment', response.response)
    const { of, userHandle } = JSON.parse(asked.data ?? '{}')
    if (asked.userId !== userId || of !== sid) throw refused('another session was asked')
    const library = await loadLibrary()
    const credential = await readNewCredential(library, rp, response, asked.challenge, userHandle).catch(asRefused)
    const factorId = factorIdOf(credential.credentialId)
    const factor = {
      factorId,
      userId,
      kind: 'passkey',
      name,
      lastStep: null,
      data: JSON.stringify(credential),
    } as const
    const change = await factors.add(factor, { ifVersion: asked.credentialsVersion ?? -1, keep: sid, mails })
    const added = change && (await factors.find(factorId))
    if (!added) throw refused('it is known already, or the user has changed')
    return { ...change, added: toPasskey(added) }
  }

  /** @param judge throws for what is proven and not enough */
  async function assert(
    response: AuthenticationResponseJSON,
    { challenge }: { readonly challenge: string },
    judge: (user: User, userVerified: boolean) => void,
  ): Promise<Proof> {
    const factor = await factors.find(factorIdOf(response.id))
    if (factor?.kind !== 'passkey') throw refused('the passkey is not known')
    const known = credentialOf(factor)
    const { userHandle = known.userHandle } = response.response
    if (userHandle !== known.userHandle) throw refused('it is of another user')
    const library = await loadLibrary()
    const { credential, userVerified } = await readAssertion(library, rp, response, challenge, known).catch(asRefused)
    const user = await users.findById(factor.userId)
    if (!user || user.disabled) throw refused('its user is gone, or disabled')
    judge(user, userVerified)
    // Removed before this: no proof. Removed after it: the user has changed since it was read, and no session begins.
    const isThere = await factors.use(factor.factorId, JSON.stringify(credential))
    if (!isThere) throw refused('it was just removed')
    return { user, amr: [known.backupEligible ? 'swk' : 'hwk', 'user', ...(userVerified ? ['mfa'] : [])] }
  }

  async function noting(whom: { sub?: string; ip: string }, act: () => Promise<Proof>): Promise<Proof> {
    return act().catch(error => {
      if (isRefusal(error)) audit({ event: 'factor.failed', factor: 'passkey', ...whom })
      throw error
    })
  }

  return {
    list: async userId => (await passkeysOf(userId)).map(toPasskey),

    async creationOptions(user, sid) {
      const others = (await passkeysOf(user.userId)).map(credentialOf)
      const userHandle = others[0]?.userHandle ?? randomBytes(32).toString('base64url')
      const challenge = await ask('enrolment', user, JSON.stringify({ of: sid, userHandle }))
      return creationOptions(rp, { challenge, username: user.username, userHandle, seconds: patience, others })
    },

    add,

    loginOptions: async () => requestOptions(rp, await ask('login'), patience),

    checkLogin: (response, { ip }) =>
      noting({ ip }, async () => {
        const asked = await take('login', response.response)
        if (!response.response.userHandle) throw refused('it does not say whose it is') // WebAuthn section 7.2, step 6
        return assert(response, asked, (_, userVerified) => {
          if (!userVerified) throw refused('the authenticator did not verify its user')
        })
      }),

    async options({ purpose, user, of }) {
      const among = (await passkeysOf(user.userId)).map(credentialOf)
      return among.length === 0 ? undefined : requestOptions(rp, await ask(purpose, user, of), patience, among)
    },

    check: ({ purpose, user, of }, response, { ip }) =>
      noting({ sub: user.userId, ip }, async () => {
        const asked = await take(purpose, response.response)
        if (asked.userId !== user.userId || asked.data !== of)
          throw refused('somebody else, or another login, was asked')
        return assert(response, asked, ({ userId, credentialsVersion }) => {
          if (userId !== user.userId) throw refused('it is of another user')
          if (credentialsVersion !== asked.credentialsVersion) throw refused('the user has changed meanwhile')
        })
      }),
  }
}

type Kind = Question['purpose'] | 'enrolment' | 'login'

const idOf = (challenge: string) => hash('sha256', challenge, 'base64url')
const credentialOf = ({ data }: Factor): Credential => JSON.parse(data)

function toPasskey(factor: Factor): Passkey {
  const { factorId: id, name, createdAt, lastUsedAt } = factor
  return { id, name: name ?? '', createdAt, lastUsedAt, synced: credentialOf(factor).backedUp }
}

function refused(reason: string): SignetError {
  return new SignetError('invalid_code', `a passkey was refused: ${reason}`)
}

function isRefusal(error: unknown): boolean {
  return error instanceof SignetError && error.code === 'invalid_code'
}

/** The library's texts hold no secret: origins, flags, algorithms. */
function asRefused(error: unknown): never {
  throw refused(error instanceof Error ? error.message : 'not legible')
}
