/** A mail, opened, and those before it. */
import type { Mail } from '../model/log.ts'
import { type Owner, tokenIn } from '../model/owner.ts'
import { timeOfDay } from '../model/time.ts'

interface MailPanelProps {
  readonly mail: Mail
  readonly owner: Owner
  readonly onRead: (mail: Mail) => void
  /** Follows the link; undefined where the tour acts, and under both sets of rules. */
  readonly onFollow: (() => void) | undefined
}

export function MailPanel({ mail, owner, onRead, onFollow }: MailPanelProps) {
  const hasLink = tokenIn(mail) !== undefined
  const others = owner.mails.filter(({ id }) => id !== mail.id).reverse()
  return (
    <>
      <h2>✉ {mail.subject}</h2>
      <p class="hint">
        to {mail.to}, {timeOfDay(mail.at)}
      </p>
      <pre class="mail-text">{mail.text.trim()}</pre>
      {hasLink && (
        <p class="verdict">
          What makes the link work stands behind a #. A browser never sends that along, so it is in no server’s log.
        </p>
      )}
      {hasLink && onFollow && (
        <button type="button" class="next" onClick={onFollow}>
          Follow the link: set a new password
        </button>
      )}
      {others.length > 0 && (
        <>
          <h3>Other mails</h3>
          <ul class="mails">
            {others.map(other => (
              <li key={other.id}>
                <button type="button" class="link" onClick={() => onRead(other)}>
                  {other.subject}
                </button>{' '}
                {timeOfDay(other.at)}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}
