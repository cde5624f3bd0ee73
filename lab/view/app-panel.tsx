/** An authenticator app, opened: the digits, and what they are made of. */
import type { AuthenticatorApp } from '../model/owner.ts'
import { stepAt } from '../model/totp.ts'
import { grouped, TimeLeft, useCodes } from './codes.tsx'
import { Copyable } from './copyable.tsx'

export function AppPanel({ app, now }: { app: AuthenticatorApp; now: number }) {
  const [code, next] = useCodes(app, now) ?? []
  return (
    <>
      <h2>{app.username}’s authenticator app</h2>
      <p class="code">
        <b>{grouped(code)}</b> <TimeLeft now={now} />
      </p>
      <p class="hint">then {grouped(next)}</p>
      <p class="verdict">
        This page computes the digits, as an app does, from the secret and the time. The server does the same, and
        compares. {app.isConfirmed ? 'A code counts once.' : 'The app counts from its first right code on.'}
      </p>
      <dl class="changes">
        <div>
          <dt>half minutes since 1970</dt>
          <dd>{stepAt(now)}</dd>
        </div>
        <div>
          <dt>how</dt>
          <dd>HMAC-SHA-1 of that number (RFC 6238)</dd>
        </div>
      </dl>
      <h3>The secret, which only app and server have</h3>
      <Copyable text={app.secret} what="the secret" />
    </>
  )
}
