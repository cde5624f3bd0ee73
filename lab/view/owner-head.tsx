/** Below the columns: what is the user’s and in no tab, once there is any of it. */
import type { Mail } from '../model/log.ts'
import type { AuthenticatorApp } from '../model/owner.ts'
import type { World } from '../model/world.ts'
import { grouped, TimeLeft, useCodes } from './codes.tsx'

interface OwnerHeadProps {
  readonly world: World
  readonly onRead: (mail: Mail) => void
  readonly onApp: (app: AuthenticatorApp) => void
}

export function OwnerHead({ world: { owner, now }, onRead, onApp }: OwnerHeadProps) {
  const newest = owner.mails.at(-1)
  if (!newest && owner.apps.size === 0 && owner.passkeys.size === 0) return null
  return (
    <section class="owner" aria-label="What the user has">
      {newest && (
        <button type="button" onClick={() => onRead(newest)}>
          ✉ Mailbox: <b>{owner.mails.length}</b>
        </button>
      )}
      {[...owner.apps.values()].map(app => (
        <AppButton key={app.username} app={app} now={now} onOpen={() => onApp(app)} />
      ))}
      {[...owner.passkeys].map(username => (
        <span key={username}>{username}’s passkey, in this browser</span>
      ))}
    </section>
  )
}

function AppButton({ app, now, onOpen }: { app: AuthenticatorApp; now: number; onOpen: () => void }) {
  const [code] = useCodes(app, now) ?? []
  return (
    <button type="button" class="app" onClick={onOpen}>
      {app.username}’s app{app.isConfirmed ? '' : ', not confirmed'}: <b>{grouped(code)}</b> <TimeLeft now={now} />
    </button>
  )
}
