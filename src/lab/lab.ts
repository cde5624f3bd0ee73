/**
 * The lab: what a page may do to instances of the service that are nobody's. It owns their clock, their database and their
 * secrets; the service that serves the page is none of them, and its tokens and users are not here.
 */
import type { FastifyInstance } from 'fastify'
import { SignetError } from '../base/errors.ts'
import { type Exchange, exchange, hear, type Wanted } from './exchange.ts'
import { type BuildApp, type Instances, openInstances } from './instances.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'
import { askServices, type ServiceAnswers } from './mock-services.ts'
import { createPeople, type People } from './people.ts'
import type { Rules } from './rules.ts'
import { type Snapshot, takeSnapshot } from './snapshot.ts'

export interface Lab {
  /** The instance under these rules, for requests that reach it over HTTP. */
  instance(rules: Rules): Promise<FastifyInstance>
  /** Everything anew: database, secrets, and a clock that stands at nine; what nothing has happened to is new already. */
  restart(): Promise<Snapshot>
  send(wanted: Wanted): Promise<Exchange>
  advance(seconds: number): Promise<void>
  changeSecret(act: 'rotate' | 'forget'): Promise<void>
  askServices(rules: Rules, token: string): Promise<ServiceAnswers>
  snapshot(): Promise<Snapshot>
  close(): Promise<void>
}

export interface LabOptions {
  readonly buildApp: BuildApp
  readonly publicUrl: string
  /** The time now; the lab's own day begins on its date. */
  readonly now: number
  readonly onLogLine: (line: string) => void
}

/** Nothing is started before it is asked for, by whatever act. */
export function createLab(options: LabOptions): Lab {
  let current: Promise<Bench> | undefined
  let run = 0

  let isUntouched = false
  let isClosed = false
  let people: People | undefined

  const bench = () => {
    // A request that is still under way while the service ends must not leave a database behind.
    if (isClosed) throw new SignetError('unavailable', 'the lab is closed', { retryAfterSeconds: 1 })
    if (current) return current
    isUntouched = true
    people ??= createPeople()
    const begun = openBench({ ...options, people, run: ++run })
    current = begun
    begun.catch(() => {
      if (current === begun) current = undefined // whoever asks next tries again
    })
    return begun
  }
  const touched = () => {
    const opened = bench()
    isUntouched = false
    return opened
  }
  const end = async () => {
    const former = current
    current = undefined
    await (await former)?.instances.close()
  }
  const snapshot = async () => {
    const { instances, sids, mailbox, run } = await bench()
    // Both have one outbox, so either sends it all. One that cannot start is not new.
    const app = await instances.of('calm').catch(error => {
      isUntouched = false
      throw error
    })
    return takeSnapshot(app, { run, sids, secrets: instances.secrets, mails: await mailbox.collect(app) })
  }
  const instance = async (rules: Rules) => (await touched()).instances.of(rules)

  return {
    instance,
    async restart() {
      if (!isUntouched) await end()
      return snapshot()
    },
    send: async wanted => exchange(await instance(wanted.rules), wanted),
    advance: async seconds => (await touched()).instances.advance(seconds),
    changeSecret: async act => (await touched()).instances.changeSecret(act),
    askServices: async (rules, token) => askServices(await instance(rules), token),
    snapshot,
    async close() {
      isClosed = true
      await end()
      await people?.hasher.close()
    },
  }
}

/** One beginning: instances, the sessions that were begun on them, and what they have mailed. */
interface Bench {
  readonly run: number
  readonly instances: Instances
  readonly sids: ReadonlySet<string>
  readonly mailbox: Mailbox
}

const daySeconds = 86_400
const nine = 9 * 3600

async function openBench({
  run,
  now,
  ...options
}: LabOptions & Pick<Bench, 'run'> & { readonly people: People }): Promise<Bench> {
  const sids = new Set<string>()
  const instances = await openInstances({
    ...options,
    now: now - (now % daySeconds) + nine, // moments that are easy to count with
    onAudit(event) {
      if (event.event === 'login' && event.sid !== undefined) sids.add(event.sid)
      hear(event)
    },
  })
  return { run, instances, sids, mailbox: createMailbox() }
}
