/** What somebody who wants tokens has asked for, whichever body it came in. */
import { SignetError } from '../base/errors.ts'
import { invalidBody } from './request-body.ts'
import { readDeviceCookie } from './token-cookies.ts'
import type { Credentials, PasswordForm, TokenForm } from './token-schemas.ts'

export interface LoginRequest {
  readonly username: string
  readonly password: string
  /** Of a second factor. */
  readonly code: string | undefined
  /** A refresh token of before, as proof of a known device. */
  readonly device: string | null | undefined
  /** Whether the tokens go into cookies, which only our own pages may ask for. */
  readonly isForCookies: boolean
}

/**
 * A form knows neither `mode` nor `device`; in cookie mode the device may be in a cookie.
 * @param takesForms `PASSWORD_FORM`
 * @throws {SignetError} `unsupported_grant_type` for a form that asks for another grant, or for any while they are off
 */
export function readLogin(request: LoginBody, takesForms: boolean): LoginRequest {
  const { username, password, code, otp, ...asked } = request.body
  if (request.mediaType !== json) {
    if (!takesForms) throw unsupportedGrant('cannot be password: send JSON instead')
    if ((asked.grant_type ?? 'password') !== 'password') throw unsupportedGrant('must be password, or left out')
    return { username, password, code: otp, device: undefined, isForCookies: false }
  }
  const isForCookies = asked.mode === 'cookie'
  const device = isForCookies ? (asked.device ?? readDeviceCookie(request.headers)) : asked.device
  return { username, password, code, device, isForCookies }
}

interface LoginBody {
  readonly body: Credentials & Pick<PasswordForm, 'grant_type' | 'otp'>
  readonly mediaType: string | undefined
  readonly headers: Parameters<typeof readDeviceCookie>[0]
}

export type Grant =
  | {
      readonly type: 'password'
      readonly username: string
      readonly password: string
      /** Of a second factor. */
      readonly code: string | undefined
    }
  | { readonly type: 'refresh_token'; readonly refreshToken: string }

/**
 * RFC 6749 sections 4.3.2 and 6.
 * @throws {SignetError} `unsupported_grant_type`; `invalid_request` for a field that the grant needs
 */
export function readGrant(form: TokenForm, takesForms: boolean): Grant {
  if (isPasswordGrant(form, takesForms)) {
    const { username = required('username'), password = required('password'), otp: code } = form
    return { type: 'password', username, password, code }
  }
  if (form.grant_type !== 'refresh_token') {
    throw unsupportedGrant(takesForms ? 'must be password or refresh_token' : 'must be refresh_token')
  }
  return { type: 'refresh_token', refreshToken: form.refresh_token ?? required('refresh_token') }
}

export function isPasswordGrant({ grant_type: type }: TokenForm, takesForms: boolean): boolean {
  return type === 'password' && takesForms
}

const json = 'application/json'

function unsupportedGrant(detail: string): SignetError {
  const mistakes = [{ pointer: '/grant_type', detail }]
  return new SignetError('unsupported_grant_type', 'another grant, or PASSWORD_FORM is off', { mistakes })
}

function required(field: string): never {
  throw invalidBody(`must have the field ${field}`)
}
