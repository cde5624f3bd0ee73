/** A request and its answer, opened: what it means, which case of the rule decided, and every line of it. */

import { useState } from 'preact/hooks'
import { answerText, curlOf, requestText } from '../model/http.ts'
import type { Entry, EntryOf, Exchange, Sent, SessionRow } from '../model/log.ts'
import { placeOf } from '../model/token.ts'
import { laneNames } from '../words/acts.ts'
import { rowOf, rows } from '../words/rows.ts'
import { verdictOf } from '../words/verdicts.ts'
import { Copyable } from './copyable.tsx'
import { cell } from './server-panel.tsx'

interface ExchangePanelProps {
  readonly entry: EntryOf<'sent'>
  readonly index: number
  readonly before: Entry | undefined
  /** All that the same command did, under each set of rules, this one among them. */
  readonly peers: readonly EntryOf<'sent'>[]
}

export function ExchangePanel({ entry, index, before, peers }: ExchangePanelProps) {
  const sent = entry.sent[index] ?? entry.sent[0]
  if (!sent) return null
  const { exchange } = sent
  const changes = changesOf(exchange, entry, before)
  const together = peers.flatMap(peer => peer.sent.map(one => ({ ...one, state: peer.state })))
  const isAlone = together.length === 1
  return (
    <>
      <h2>
        {isAlone ? `${laneNames[exchange.lane]}: ` : ''}
        {exchange.request.method} {pathOf(exchange)}
      </h2>
      {[...Map.groupBy(together, one => verdictOf(one, one.state))].map(([verdict, all]) => (
        <p class="verdict" key={verdict}>
          {!isAlone && <b>{all.map(one => whoOf(one.exchange, peers)).join('; ')}: </b>}
          {verdict}
        </p>
      ))}
      <Rule exchanges={together.map(one => one.exchange)} nameOf={isAlone ? undefined : one => whoOf(one, peers)} />
      {changes.length > 0 && (
        <>
          <h3>What changed in the row</h3>
          <dl class="changes">
            {changes.map(([name, from, to]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  {from} → <b>{to}</b>
                </dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <h3>As it went over{isAlone ? '' : `, ${whoOf(exchange, peers)}`}</h3>
      {sent.changedAt !== undefined && sent.presented && (
        <p class="hint">
          Character {placeOf(sent.presented.text, sent.changedAt) + 1} of the token is another one. It is marked:
        </p>
      )}
      <RequestText sent={sent} />
      <pre class={exchange.arrived ? '' : 'lost'}>{answerText(exchange)}</pre>
      <h3>To try it in a terminal</h3>
      <Copyable text={curlOf(exchange)} what="the curl line" />
    </>
  )
}

/** With the character marked that was changed in it. */
function RequestText({ sent: { exchange, presented, changedAt } }: { sent: Sent }) {
  const text = requestText(exchange)
  if (changedAt === undefined || !presented) return <pre>{text}</pre>
  const place = placeOf(presented.text, changedAt)
  const at = text.indexOf(presented.text.slice(0, place)) + place
  return (
    <pre>
      {text.slice(0, at)}
      <mark>{text[at]}</mark>
      {text.slice(at + 1)}
    </pre>
  )
}

const pathOf = ({ request }: Exchange) => new URL(request.url).pathname.replace(/.*\/(calm|strict)/, '')

/** As in `calm, tab B`: as much as tells it from the others. */
function whoOf({ rules, lane }: Exchange, peers: readonly EntryOf<'sent'>[]): string {
  const hasBoth = new Set(peers.map(peer => peer.rules)).size > 1
  const hasSeveral = peers.some(peer => peer.sent.length > 1)
  return [...(hasBoth ? [rules] : []), ...(hasSeveral || !hasBoth ? [laneNames[lane]] : [])].join(', ')
}

interface RuleProps {
  readonly exchanges: readonly Exchange[]
  readonly nameOf: ((exchange: Exchange) => string) | undefined
}

/** Which case of the rule decided, and all of them for whoever wants to see. */
function Rule({ exchanges, nameOf }: RuleProps) {
  const [isWhole, setWhole] = useState(false)
  const decided = (id: string) => exchanges.filter(one => rowOf(one) === id)
  if (!exchanges.some(one => rowOf(one) !== undefined)) return null
  const shown = rows.filter(({ id }) => isWhole || decided(id).length > 0)
  return (
    <>
      <table class="rule">
        <caption>{isWhole ? 'The first case that fits decides' : 'What decided'}</caption>
        <thead>
          <tr>
            <th>refresh token</th>
            <th>and</th>
            <th>then</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ id, token, and, outcome }) => {
            const by = decided(id)
            return (
              <tr
                key={id}
                id={`row-${id}`}
                class={by.length > 0 ? 'lit' : ''}
                aria-current={by.length > 0 ? 'true' : undefined}
              >
                <td>{token}</td>
                <td>{and}</td>
                <td>
                  {outcome}
                  {nameOf && by.map(one => <em key={nameOf(one)}>{nameOf(one)}</em>)}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <button type="button" class="link all-cases" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
        {isWhole ? 'Only what decided' : `All ${rows.length} cases of the rule`}
      </button>
    </>
  )
}

/** Columns of the session's row that are otherwise than before. */
function changesOf({ audit }: Exchange, entry: Entry, before: Entry | undefined): [string, string, string][] {
  const sid = audit.find(event => event.sid !== undefined)?.sid
  const find = (of: Entry | undefined) => of?.state.sessions.find(row => row.sid === sid)
  const [old, now] = [find(before), find(entry)]
  if (!old || !now) return []
  return (Object.keys(now) as (keyof SessionRow)[])
    .filter(name => old[name] !== now[name])
    .map(name => [name, cell(name, old[name]), cell(name, now[name])])
}
