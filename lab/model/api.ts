/** The acts that only the lab may do, as the server has them (routes/lab.ts). */
import type { Exchange, Wanted } from '../../src/lab/exchange.ts'
import type { ServiceAnswers } from '../../src/lab/mock-services.ts'
import type { Rules } from '../../src/lab/rules.ts'
import type { Snapshot } from '../../src/lab/snapshot.ts'

interface WithState {
  readonly state: Snapshot
}

/** @throws {Error} when the server is away, or refuses: the page has then a mistake, or stands at another address */
async function act<T>(name: string, body?: object): Promise<T & WithState> {
  const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(`lab/${name}`, { method: 'POST', ...json })
  if (!answer.ok) throw new Error(`The lab answered ${answer.status} to ${name}.`)
  return answer.json()
}

export const api = {
  restart: () => act<WithState>('restart'),
  state: () => act<WithState>('state'),
  send: (wanted: Wanted) => act<{ exchange: Exchange }>('send', wanted),
  advance: (seconds: number) => act<WithState>('clock', { seconds }),
  changeSecret: (how: 'rotate' | 'forget') => act<WithState>('secret', { act: how }),
  askServices: (rules: Rules, token: string) => act<{ services: ServiceAnswers }>('services', { rules, token }),
}
