/** What was neither a request nor a token: a copy, another secret, two services. */
import type { Entry } from '../model/log.ts'
import { span } from '../model/time.ts'
import { expiresAt } from '../model/token.ts'
import { sentenceOf } from '../words/verdicts.ts'
import { Bar } from './bar.tsx'

const titles: Readonly<Record<Entry['kind'], string>> = {
  sent: 'A request',
  copy: 'A copy',
  time: 'Time goes by',
  secret: 'The keys',
  services: 'Two services, one token',
}

export function NotePanel({ entry, now }: { entry: Entry; now: number }) {
  return (
    <>
      <h2>{titles[entry.kind]}</h2>
      <p class="verdict">{sentenceOf(entry)}</p>
      {entry.kind === 'services' && (
        <>
          <dl class="changes">
            <div>
              <dt>asks Signet (/verify)</dt>
              <dd>{entry.answers.asks.detail}</dd>
            </div>
            <div>
              <dt>checks by itself</dt>
              <dd>{entry.answers.byItself.detail}</dd>
            </div>
          </dl>
          {entry.answers.asks.isAccepted !== entry.answers.byItself.isAccepted && (
            <p>They agree again when this access token expires, in {span(expiresAt(entry.token) - now)}:</p>
          )}
          <Bar token={entry.token} now={now} />
        </>
      )}
    </>
  )
}
