/**
 * The challenge that stands between the two steps of a login. It is no token: of another type, under another key, and
 * worth nothing without its row, which is bound to the user as the password found it. It opens the second step, once.
 */
import { randomBytes } from 'node:crypto'
import { SignetError } from '../base/errors.ts'
import { readPart, splitCompactJws } from '../jws/compact-jws.ts'
import { createJws, type Jws } from '../jws/jws.ts'
import { deriveKey } from '../keys/secret.ts'
import type { Challenge, ChallengeStore, User } from '../stores/stores.ts'

const kind = 'login'
const lifetimeSeconds = 300
const mostTries = 5

export interface LoginChallenges {
  /** @param booked the failure that the password step has booked, if any. @returns its id, and the challenge as text */
  open(user: User, booked: string | undefined): Promise<{ challengeId: string; text: string }>
  /** @throws {SignetError} `invalid_code` when it is none of ours, over or answered */
  find(text: string): Promise<Challenge>
  /** Counts a try. @throws {SignetError} `invalid_code` when all are used, or it is over or answered */
  countTry(challenge: Challenge): Promise<void>
  /** Notes that a try was a wrong code. */
  countWrongCode(challenge: Challenge): Promise<void>
  /** It was answered. @returns how many wrong codes it had @throws {SignetError} `invalid_code` when somebody else was faster */
  close(challenge: Challenge): Promise<number>
}

export function createLoginChallenges(options: {
  /** The first signs, all verify. */
  secrets: readonly [string, ...string[]]
  salt: Buffer
  store: ChallengeStore
}): LoginChallenges {
  const { secrets, salt, store } = options
  let keys: Promise<Jws[]> | undefined

  /** Made when the first one is asked for: most services have no second factors. */
  function ring(): Promise<Jws[]> {
    keys ??= Promise.all(secrets.map(keyOf))
    return keys
  }

  function keyOf(secret: string): Promise<Jws> {
    const kid = deriveKey(secret, salt, 'signet kid', 9).toString('base64url')
    const key = deriveKey(secret, salt, 'signet login challenge').toString('base64url')
    return createJws({ kid, alg: 'HS256', typ: 'challenge+jwt', secret: key })
  }

  return {
    async open({ userId, credentialsVersion }, booked) {
      const challengeId = randomBytes(16).toString('base64url')
      await store.open({ challengeId, kind, userId, credentialsVersion, data: booked ?? null }, lifetimeSeconds)
      const [key] = await ring()
      return { challengeId, text: (key as Jws).sign({ jti: challengeId }) }
    },

    async find(text) {
      const id = idIn(text, await ring())
      const challenge = id === undefined ? undefined : await store.find(id, kind)
      if (!challenge) throw dead('it is none of ours, over or answered')
      return challenge
    },

    async countTry({ challengeId }) {
      if (!(await store.countTry(challengeId, mostTries))) throw dead('it was tried too often, is over or answered')
    },

    countWrongCode: ({ challengeId }) => store.countWrongCode(challengeId),

    async close({ challengeId }) {
      const closed = await store.take(challengeId, kind)
      if (!closed) throw dead('it was answered by another request')
      return closed.wrongCodes
    },
  }
}

function idIn(text: string, ring: readonly Jws[]): string | undefined {
  try {
    const { payload } = splitCompactJws(text)
    if (!ring.some(key => key.isSigned(text))) return undefined
    const { jti } = readPart(payload)
    return typeof jti === 'string' ? jti : undefined
  } catch (error) {
    if (error instanceof SignetError) return undefined
    throw error
  }
}

function dead(reason: string): SignetError {
  return new SignetError('invalid_code', `the challenge is dead: ${reason}`)
}
