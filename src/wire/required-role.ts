/** What a gateway asks for in the query of /verify (docs/gateways.md). */
import { type RequestMistake, SignetError } from '../base/errors.ts'
import type { AccessClaims } from '../tokens/access-token.ts'

/**
 * Refuses whoever lacks the role that the query asks for: `role=admin`, or `role=admin,editor` for one of them.
 * A parameter that is not known, given twice or empty stands in a gateway's configuration and would otherwise let everybody
 * pass, so it is an error whoever asks.
 * @returns the check of the claims
 * @throws {SignetError} `invalid_request`; the check throws `admin_required` or `role_required`
 */
export function requiredRole(query: Readonly<Record<string, unknown>>): (claims: Pick<AccessClaims, 'role'>) => void {
  const { role, ...others } = query
  const mistakes: RequestMistake[] = Object.keys(others).map(name => ({
    pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    detail: 'is not known; there is only role',
  }))
  if ('role' in query && !isListOfRoles(role)) {
    mistakes.push({ pointer: '/role', detail: 'must be given once and name a role, or several with commas between' })
  }
  if (mistakes.length > 0) throw new SignetError('invalid_request', 'the query of /verify is not valid', { mistakes })
  if (!isListOfRoles(role)) return () => {}
  return claims => {
    if (role === claims.role || role.split(',').includes(claims.role)) return
    throw new SignetError(role === 'admin' ? 'admin_required' : 'role_required', 'the role is another one')
  }
}

/** Visible ASCII, as roles are. A parameter that came twice is an array. */
function isListOfRoles(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x2b\x2d-\x7e]+(?:,[\x21-\x2b\x2d-\x7e]+)*$/.test(value)
}
