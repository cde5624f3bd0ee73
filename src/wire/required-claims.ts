/** What a gateway asks for in the query of /verify (docs/gateways.md): a role, a recent login, a strong one. */
import { type RequestMistake, SignetError } from '../base/errors.ts'
import type { AccessClaims } from '../tokens/access-token.ts'
import { requireFresh, requireMethod } from '../tokens/freshness.ts'

type Asked = Pick<AccessClaims, 'role' | 'auth_time' | 'amr'>

/** What Signet may write into `amr` (RFC 8176). Another word could never be met, so it is a mistake. */
export const methods = ['pwd', 'otp', 'hwk', 'swk', 'user', 'mfa'] as const

const known: Readonly<Record<string, { readonly form: RegExp; readonly detail: string }>> = {
  // Visible ASCII, as roles are.
  role: {
    form: /^[\x21-\x2b\x2d-\x7e]+(?:,[\x21-\x2b\x2d-\x7e]+)*$/,
    detail: 'must be given once and name a role, or several with commas between',
  },
  max_age: { form: /^[1-9]\d{0,8}$/, detail: 'must be given once and be a number of seconds' },
  amr: {
    form: new RegExp(`^(${methods.join('|')})$`),
    detail: `must be given once and be one of ${methods.join(', ')}`,
  },
}

/**
 * Refuses whoever lacks what the query asks for: `role=admin`, or `role=admin,editor` for one of them; `max_age=300` for a
 * login of the last five minutes; `amr=mfa` for one with two factors. A parameter that is not known, given twice or empty
 * stands in a gateway's configuration and would otherwise let everybody pass, so it is an error whoever asks.
 * @returns the check of the claims at `now`
 * @throws {SignetError} `invalid_request`; the check throws `admin_required`, `role_required`, `stronger_login_required` or
 *   `fresh_login_required`, in this order: a login helps against the last two
 */
export function requiredClaims(query: Readonly<Record<string, unknown>>): (claims: Asked, now: number) => void {
  const mistakes = Object.entries(query).flatMap(([name, value]) => mistakeOf(name, value) ?? [])
  if (mistakes.length > 0) throw new SignetError('invalid_request', 'the query of /verify is not valid', { mistakes })
  const { role, max_age: age, amr } = query as Readonly<Record<string, string | undefined>>
  const seconds = age === undefined ? undefined : Number(age)
  return (claims, now) => {
    if (role !== undefined) requireRole(claims, role)
    if (amr !== undefined) requireMethod(claims, amr, seconds)
    if (seconds !== undefined) requireFresh(claims, now, seconds)
  }
}

/** A parameter that came twice is an array. */
function mistakeOf(name: string, value: unknown): RequestMistake | undefined {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  if (!Object.hasOwn(known, name)) {
    return { pointer, detail: `is not known; there are only ${Object.keys(known).join(', ')}` }
  }
  const { form, detail } = known[name] as (typeof known)[string]
  return typeof value === 'string' && form.test(value) ? undefined : { pointer, detail }
}

function requireRole({ role: own }: Asked, role: string): void {
  if (role === own || role.split(',').includes(own)) return
  throw new SignetError(role === 'admin' ? 'admin_required' : 'role_required', 'the role is another one')
}
