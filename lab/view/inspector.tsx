/** Whatever was clicked, or just happened, opened: at the side, or in a sheet from below on a small screen. */
import { type EntryOf, isOf, type Mail } from '../model/log.ts'
import type { State, Store } from '../model/store.ts'
import type { World } from '../model/world.ts'
import { AppPanel } from './app-panel.tsx'
import { ExchangePanel } from './exchange-panel.tsx'
import { MailPanel } from './mail-panel.tsx'
import { NotePanel } from './note-panel.tsx'
import { ServerPanel } from './server-panel.tsx'
import { TokenPanel } from './token-panel.tsx'

interface InspectorProps {
  readonly state: State
  readonly store: Store
  readonly worlds: readonly World[]
}

export function Inspector({ state, store, worlds }: InspectorProps) {
  const panel = panelOf(state, store, worlds)
  if (!panel) return null
  return (
    <section class={`inspector ${state.isOpen ? 'open' : ''}`} aria-label="Looked into">
      <button type="button" class="close" aria-label="Close" onClick={() => store.close()}>
        ×
      </button>
      {panel}
    </section>
  )
}

function panelOf({ log, selection, step }: State, store: Store, worlds: readonly World[]) {
  const now = worlds[0]?.now ?? 0
  if (selection?.kind === 'token') {
    const { token, lane } = selection
    const canChange = lane !== undefined && step === undefined && token.kind === 'access'
    const onChange = canChange ? (at: number) => store.act({ words: `${lane} tamper`, at }) : undefined
    return <TokenPanel key={token.text} token={token} now={now} onChange={onChange} />
  }
  if (selection?.kind === 'server') {
    const world = worlds.find(({ rules }) => rules === selection.rules)
    return world && <ServerPanel world={world} />
  }
  if (selection?.kind === 'app') {
    const app = worlds.find(({ rules }) => rules === selection.rules)?.owner.apps.get(selection.username)
    return app && <AppPanel app={app} now={now} />
  }
  if (selection?.kind === 'mail') {
    const owner = worlds.find(({ rules }) => rules === selection.rules)?.owner
    const mail = owner?.mails.find(({ id }) => id === selection.id)
    const onFollow = step === undefined ? () => store.act({ words: 'a reset', mail: selection.id }) : undefined
    const onRead = ({ id }: Mail) => store.select({ ...selection, id })
    return owner && mail && <MailPanel mail={mail} owner={owner} onRead={onRead} onFollow={onFollow} />
  }
  const at = log.findIndex(({ id }) => selection?.kind === 'entry' && id === selection.id)
  const entry = log[at]
  if (!entry || selection?.kind !== 'entry') return null
  if (entry.kind === 'sent') {
    const peers = log.filter(one => one.kind === 'sent' && one.command === entry.command) as EntryOf<'sent'>[]
    // What happened under the other rules is no change of this row.
    const before = log.slice(0, at).findLast(one => isOf(one, entry.rules))
    return <ExchangePanel entry={entry} index={selection.index} before={before} peers={peers} />
  }
  return <NotePanel entry={entry} now={now} />
}
