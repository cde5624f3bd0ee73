/** What a session's row is worth in tokens. Both are made of the row and its user, so they can be made again at any time. */
import { SignetError } from '../base/errors.ts'
import type { KeyRing, TokenType } from '../keys/key-ring.ts'
import type { SessionView } from '../stores/stores.ts'
import { type AccessClaims, type AccessTokenSettings, accessClaims } from './access-token.ts'
import { type RefreshClaims, refreshClaims } from './refresh-token.ts'

/** Moments are epoch seconds. */
export interface IssuedToken {
  readonly token: string
  readonly expiresAt: number
}

export interface IssuedAccess {
  readonly access: IssuedToken
  /** By the database's clock, as `expiresAt` is. */
  readonly issuedAt: number
  /** When a recovery code was spent and few are left. */
  readonly recoveryCodesLeft?: number
}

export interface IssuedTokens extends IssuedAccess {
  readonly refresh: IssuedToken
  /** The role, in the words of OAuth 2.0. */
  readonly scope: string
}

export interface TokenIssuer {
  /** @throws {SignetError} `token_revoked` when the user is gone */
  access(view: SessionView): IssuedAccess
  /** @throws {SignetError} `token_revoked` when the user is gone */
  both(view: SessionView): IssuedTokens
}

export function createTokenIssuer(keys: Pick<KeyRing, 'signer'>, settings: AccessTokenSettings): TokenIssuer {
  function both(view: SessionView): IssuedTokens {
    const claims = claimsOf(view)
    const refresh = issue('rt+jwt', refreshClaims(view.session))
    return { access: issue('at+jwt', claims), refresh, issuedAt: view.now, scope: claims.role }
  }

  function access(view: SessionView): IssuedAccess {
    return { access: issue('at+jwt', claimsOf(view)), issuedAt: view.now }
  }

  function claimsOf(view: SessionView): AccessClaims {
    return accessClaims(view.session, userOf(view), view.now, settings)
  }

  function issue(typ: TokenType, claims: AccessClaims | RefreshClaims): IssuedToken {
    return { token: keys.signer(typ).sign(claims), expiresAt: claims.exp }
  }

  return { access, both }
}

function userOf({ user }: SessionView) {
  if (!user) throw new SignetError('token_revoked', 'the user of this session is gone')
  return user
}
