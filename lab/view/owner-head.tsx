/** Below the columns: what is the user’s and in no tab, once there is any of it. */
import type { Mail } from '../model/log.ts'
import type { Owner } from '../model/owner.ts'

export function OwnerHead({ owner: { mails }, onRead }: { owner: Owner; onRead: (mail: Mail) => void }) {
  const newest = mails.at(-1)
  if (!newest) return null
  return (
    <section class="owner" aria-label="What the user has">
      <button type="button" onClick={() => onRead(newest)}>
        ✉ Mailbox: <b>{mails.length}</b>
      </button>
    </section>
  )
}
