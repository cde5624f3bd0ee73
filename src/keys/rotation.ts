/**
 * When a signing key is made, signs, retires and goes (docs/command-line.md, "Signing keys"). Pure: rows, a moment and a setting give the
 * next act, so every instance comes to the same one and the store lets one of them win.
 */
import type { SigningKey } from '../stores/stores.ts'

export interface RotationSettings {
  /** 0 = by command only. */
  readonly rotationDays: number
  readonly accessTokenSeconds: number
}

export type RotationAct = 'create' | 'stage' | 'activate' | 'none'

/** How long verifiers may keep the JWKS, in seconds. */
export const jwksMaxAgeSeconds = 300

/** For clocks that differ and polls that fail. */
const marginSeconds = 60

/** A staged key signs only when every cached JWKS has it. */
export function activatesAt(stagedAt: number): number {
  return stagedAt + jwksMaxAgeSeconds + marginSeconds
}

/** A retired key is published until every token it signed has expired. */
export function goesAt(retiredAt: number, accessTokenSeconds: number): number {
  return retiredAt + accessTokenSeconds + marginSeconds
}

/** What is due among the keys of one algorithm. Removing retired keys needs no decision: the store deletes what is over. */
export function decideRotation(
  keys: readonly SigningKey[],
  now: number,
  { rotationDays }: RotationSettings,
): RotationAct {
  const current = keys.find(key => key.state === 'current')
  const next = keys.find(key => key.state === 'next')
  if (!current) return 'create'
  if (next) return now >= (next.changesAt ?? 0) ? 'activate' : 'none'
  const due = rotationDays > 0 && now >= current.since + rotationDays * 86_400
  return due ? 'stage' : 'none'
}

/** What will happen to a key of the configured algorithm by itself, and when; undefined: nothing. */
export function nextChange(
  key: SigningKey,
  keys: readonly SigningKey[],
  { rotationDays }: RotationSettings,
): { what: 'signs' | 'retires' | 'goes' | 'successor staged'; at: number } | undefined {
  if (key.state !== 'current') return { what: key.state === 'next' ? 'signs' : 'goes', at: key.changesAt ?? 0 }
  const successor = keys.find(({ alg, state }) => alg === key.alg && state === 'next')
  if (successor) return { what: 'retires', at: successor.changesAt ?? 0 }
  return rotationDays > 0 ? { what: 'successor staged', at: key.since + rotationDays * 86_400 } : undefined
}

/** `max-age` of the JWKS: it must not outlive the next planned change. */
export function jwksMaxAge(keys: readonly SigningKey[], now: number, { rotationDays }: RotationSettings): number {
  const changes = keys.map(({ state, since, changesAt }) =>
    state === 'current' ? since + rotationDays * 86_400 : changesAt,
  )
  const ahead = changes.filter(at => at !== null).filter(at => at > now)
  return Math.max(1, Math.min(jwksMaxAgeSeconds, ...ahead.map(at => at - now)))
}
