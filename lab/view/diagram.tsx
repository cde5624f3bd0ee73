/** The sequence diagram that writes itself: time runs down, each request is an arrow to the server and one back. */
import type { Entry, EntryOf, Lane, Mail, Rules, Sent, SessionRow } from '../model/log.ts'
import { isOf } from '../model/log.ts'
import { arrivedWith } from '../model/owner.ts'
import { span, timeOfDay } from '../model/time.ts'
import { endedBy } from '../model/world.ts'
import { laneNames } from '../words/acts.ts'
import { arrivalOf, endOf, sentenceOf, statusOf } from '../words/verdicts.ts'
import { Tag } from './tag.tsx'

interface DiagramProps {
  readonly log: readonly Entry[]
  readonly rules: Rules
  /** The last entry before those of the step. */
  readonly since: number | undefined
  readonly selected: { readonly id: number; readonly index: number } | undefined
  readonly onSelect: (id: number, index: number) => void
  readonly onRead: (mail: Mail) => void
}

export function Diagram({ log, rules, since, selected, onSelect, onRead }: DiagramProps) {
  const entries = log.filter(entry => isOf(entry, rules))
  const first = entries.find(({ id }) => since !== undefined && id > since)
  return (
    <ol class="diagram" aria-label={`What has happened, ${rules}`}>
      {entries.map((entry, at) => (
        <li key={entry.id} class={`${entry.kind} ${entry === first ? 'first' : ''}`}>
          <Item entry={entry} selected={selected?.id === entry.id ? selected.index : undefined} onSelect={onSelect} />
          {endedBy(entry, entries[at - 1]).map(row => isHere(row, entries) && <End key={row.sid} row={row} />)}
          {arrivedWith(entry, entries[at - 1]).map(mail => (
            <Arrival key={mail.id} mail={mail} onRead={onRead} />
          ))}
        </li>
      ))}
    </ol>
  )
}

function isHere({ sid }: SessionRow, entries: readonly Entry[]): boolean {
  return entries.some(
    entry => entry.kind === 'sent' && entry.sent.some(({ got }) => got.some(({ claims }) => claims['sid'] === sid)),
  )
}

interface ItemProps {
  readonly entry: Entry
  readonly selected: number | undefined
  readonly onSelect: (id: number, index: number) => void
}

function Item({ entry, selected, onSelect }: ItemProps) {
  if (entry.kind === 'time') return <Fold entry={entry} />
  if (entry.kind === 'sent') return <Exchanges entry={entry} selected={selected} onSelect={onSelect} />
  return (
    <button
      type="button"
      class={`note ${selected === undefined ? '' : 'selected'}`}
      onClick={() => onSelect(entry.id, 0)}
    >
      <span class="unseen">{sentenceOf(entry)}</span>
      {entry.kind === 'copy' && <Copy entry={entry} />}
      {entry.kind === 'secret' && <Secret entry={entry} />}
      {entry.kind === 'services' && <Services entry={entry} />}
    </button>
  )
}

/** Requests of the same moment all leave before the first answer comes. */
function Exchanges({ entry, selected, onSelect }: ItemProps & { entry: EntryOf<'sent'> }) {
  const { sent, id } = entry
  const isOne = sent.length === 1
  const wire = (one: Sent, index: number, part: 'request' | 'answer') => (
    <button
      key={`${part}${index}`}
      type="button"
      class={`wire ${part} ${one.exchange.lane} ${lookOf(one)} ${selected === index ? 'selected' : ''}`}
      onClick={() => onSelect(id, index)}
    >
      {part === 'request' ? <RequestLabel sent={one} /> : <AnswerLabel sent={one} />}
    </button>
  )
  return (
    <div class={isOne ? 'one' : 'several'}>
      {sent.map((one, index) => wire(one, index, 'request'))}
      {sent.map((one, index) => wire(one, index, 'answer'))}
    </div>
  )
}

const lookOf = ({ exchange }: Sent) => (!exchange.arrived ? 'lost' : exchange.answer.status < 400 ? 'good' : 'refused')

function RequestLabel({ sent: { exchange, presented, changedAt } }: { sent: Sent }) {
  const { lane, request } = exchange
  const path = new URL(request.url).pathname.replace(/^.*\/(calm|strict)(?=\/)/, '')
  return (
    <span class="label">
      <span class="unseen">{laneNames[lane]} sends </span>
      {presented && <Tag token={presented} />}
      {path}
      {changedAt !== undefined && <em class="changed">changed</em>}
    </span>
  )
}

function AnswerLabel({ sent: { exchange, got } }: { sent: Sent }) {
  return (
    <span class="label">
      <span>
        {got.map(token => (
          <Tag key={token.kind} token={token} />
        ))}
        {!exchange.arrived && <em class="changed">nothing arrives</em>}
      </span>
      <b>{statusOf(exchange)}</b>
    </span>
  )
}

function Fold({ entry }: { entry: EntryOf<'time'> }) {
  return (
    <p class="fold">
      <span>
        {span(entry.seconds)} later · <time>{timeOfDay(entry.state.now)}</time>
      </span>
    </p>
  )
}

function End({ row }: { row: SessionRow }) {
  return (
    <p class="end">
      <span>{endOf(row)}</span>
    </p>
  )
}

/** From the server to whoever reads the mail, at the edge of the picture: it is for a person, not for a tab. */
function Arrival({ mail, onRead }: { mail: Mail; onRead: (mail: Mail) => void }) {
  return (
    <button type="button" class="wire mail" onClick={() => onRead(mail)}>
      <span class="label">
        <span class="unseen">{arrivalOf(mail)}</span>
        <span aria-hidden="true">✉ {mail.subject}</span>
      </span>
    </button>
  )
}

function Copy({ entry }: { entry: EntryOf<'copy'> }) {
  const names: Record<Lane, string> = {
    a: 'has tab A’s tokens',
    b: 'shares tab A’s tokens',
    thief: 'copies tab A’s tokens',
  }
  return (
    <span class={`wire copy to-${entry.to}`}>
      <span class="label">{names[entry.to]}</span>
    </span>
  )
}

function Secret({ entry }: { entry: EntryOf<'secret'> }) {
  return (
    <span class="wire secret">
      <span class="label">
        {entry.act === 'rotate' ? 'a new key signs, the old one still checks' : 'the old key is gone'}
      </span>
    </span>
  )
}

function Services({ entry: { token, answers } }: { entry: EntryOf<'services'> }) {
  const { asks, byItself, at } = answers
  const left = Number(token.claims['exp']) - at
  const differ = asks.isAccepted !== byItself.isAccepted
  const card = (name: string, { isAccepted, detail }: typeof asks) => (
    <span class={`service ${isAccepted ? 'good' : 'refused'}`}>
      <span>{name}</span>
      <b>{isAccepted ? `lets ${detail} in` : `refuses: ${detail}`}</b>
    </span>
  )
  return (
    <span class="pair">
      <Tag token={token} />
      {card('asks Signet', asks)}
      {card('checks by itself', byItself)}
      {differ && <span class="differ">they agree again in {span(left)}</span>}
    </span>
  )
}
