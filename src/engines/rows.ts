/** Rows as records of the domain, where both engines name and type their columns alike. */
import type { Challenge, Factor, FactorKind, RevokeReason, Session, SigningKey } from '../stores/stores.ts'

/** So that ending many old sessions for a new one, after the limit was lowered, is no long turn of the event loop. */
export const mostEndedAtOnce = 200

/** Before every session of a list that begins with the newest. */
export const newest = { createdAt: Number.MAX_SAFE_INTEGER, sid: '' }

export type Row = Record<string, unknown>

export function toSession(row: Row): Session {
  return {
    sid: row['sid'] as string,
    userId: row['user_id'] as string,
    createdAt: row['created_at'] as number,
    generation: row['generation'] as number,
    rotatedAt: row['rotated_at'] as number | null,
    retriedAt: row['retried_at'] as number | null,
    retries: row['retries'] as number,
    retriesSince: row['retries_since'] as number | null,
    expiresAt: row['expires_at'] as number,
    maxExpiresAt: row['max_expires_at'] as number,
    revokedAt: row['revoked_at'] as number | null,
    revokeReason: row['revoke_reason'] as RevokeReason | null,
    ip: row['ip'] as string | null,
    userAgent: row['user_agent'] as string | null,
    authTime: (row['auth_time'] ?? row['created_at']) as number,
    amr: readAmr(row['amr'] as string | null),
  }
}

/** Null in rows of before, when there were passwords and nothing else. */
function readAmr(text: string | null): readonly string[] {
  return text?.split(' ') ?? ['pwd']
}

/** As it is stored. */
export function amrText(amr: readonly string[] = ['pwd']): string {
  return amr.join(' ')
}

export function toSigningKey(row: Row): SigningKey {
  return {
    kid: row['kid'] as string,
    alg: row['alg'] as string,
    state: row['state'] as SigningKey['state'],
    publicJwk: row['public_jwk'] as string,
    privateKey: row['private_key'] as string | null,
    since: row['since'] as number,
    changesAt: row['changes_at'] as number | null,
  }
}

export function toFactor(row: Row): Factor {
  return {
    factorId: row['factor_id'] as string,
    userId: row['user_id'] as string,
    kind: row['kind'] as FactorKind,
    name: row['name'] as string | null,
    createdAt: row['created_at'] as number,
    lastUsedAt: row['last_used_at'] as number | null,
    lastStep: row['last_step'] as number | null,
    data: row['data'] as string,
  }
}

export function toChallenge(row: Row): Challenge {
  return {
    challengeId: row['challenge_id'] as string,
    kind: row['kind'] as string,
    userId: row['user_id'] as string | null,
    credentialsVersion: row['credentials_version'] as number | null,
    tries: row['tries'] as number,
    wrongCodes: (row['wrong_codes'] ?? 0) as number,
    data: row['data'] as string | null,
  }
}

/** The kinds of a user's factors as the user's row has them: a login then knows without another look. */
export function kindsText(kinds: readonly FactorKind[]): string | null {
  return [...new Set(kinds)].toSorted().join(' ') || null
}

export function toKinds(text: unknown): readonly FactorKind[] {
  return text ? (String(text).split(' ') as FactorKind[]) : noKinds
}

const noKinds: readonly FactorKind[] = Object.freeze([])

/** Those that an act removes, and the kinds of those that stay. */
export function parted(factors: readonly Factor[], which: { kind?: FactorKind; factorId?: string }) {
  const goes = ({ kind, factorId }: Factor) =>
    kind === (which.kind ?? kind) && factorId === (which.factorId ?? factorId)
  return { gone: factors.filter(goes), left: factors.filter(factor => !goes(factor)).map(({ kind }) => kind) }
}
