/** The series of what has a present state: nothing keeps them up to date, each is read when somebody scrapes. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, collectDefaultMetrics, Gauge, type Registry } from '@prometheus-io/client'
import type { Clock } from '../base/clock.ts'
import type { HashLoad } from '../passwords/password-hash.ts'
import { registerEventLoopDelay, samplingMilliseconds } from './event-loop-delay.ts'

export interface MetricSources {
  readonly clock: Clock
  readonly engine: 'sqlite' | 'postgres'
  readonly hasSigningKeys: boolean
  hashLoad(): HashLoad
  /** Sessions on the revocation list, seconds since its last good poll, and what that said of the clock. */
  revocations(): { readonly size: number; readonly ageSeconds: number; readonly clockAheadSeconds: number }
  signingKeySince(): number | undefined
  /** Seconds for which the oldest mail has waited; undefined where there is no mail. */
  readonly oldestMail: (() => Promise<number>) | undefined
  droppedLogLines(): number
}

/** @returns what stops the sampling of the event loop */
export function registerState(registry: Registry, sources: MetricSources, clientsShareOneAddress: () => boolean) {
  const registers = [registry]

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  }

  /** For totals that are kept elsewhere. */
  function total(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read())
      },
    })
  }

  const load = sources.hashLoad
  gauge('signet_hash_queue_working', 'Passwords being hashed now.', () => load().working)
  gauge('signet_hash_queue_waiting', 'Passwords waiting for a thread.', () => load().waiting)
  gauge('signet_hash_queue_limit', 'How many passwords may wait; beyond that, 503.', () => load().limit)
  total('signet_hashes_total', 'Passwords hashed.', () => load().hashes)
  total('signet_hash_seconds_total', 'Time spent hashing, all threads together.', () => load().seconds)

  const { revocations } = sources
  gauge('signet_revocation_list_size', 'Ended sessions that are remembered.', () => revocations().size)
  gauge(
    'signet_revocation_list_age_seconds',
    'Time since the last good poll of ended sessions; +Inf before the first.',
    () => revocations().ageSeconds,
  )
  gauge(
    'signet_clock_ahead_seconds',
    "How far this clock was ahead of the database's at the last good poll; beyond 5 either way it is not ready.",
    () => revocations().clockAheadSeconds,
  )
  const { oldestMail } = sources
  if (oldestMail) {
    new Gauge({
      name: 'signet_mail_oldest_waiting_seconds',
      help: 'How long the oldest mail in the outbox has waited to be sent; 0 when none waits.',
      registers,
      async collect() {
        this.set(await oldestMail().catch(() => Number.NaN)) // the database is away, and that has a series of its own
      },
    })
  }
  if (sources.hasSigningKeys) {
    gauge('signet_signing_key_age_seconds', 'Time since the key that signs access tokens took over.', () => {
      const since = sources.signingKeySince()
      return since === undefined ? Number.NaN : Math.max(0, sources.clock() - since)
    })
  }
  total(
    'signet_log_lines_dropped_total',
    'Log lines that could not be written: a full disk, or a reader that has gone.',
    sources.droppedLogLines,
  )
  gauge(
    'signet_clients_share_one_address',
    '1 when the last 5 minutes had at least 100 requests, all from one address: TRUSTED_PROXIES may lack the gateway.',
    () => (clientsShareOneAddress() ? 1 : 0),
  )
  return registerProcess(registry)
}

function registerProcess(registry: Registry): () => void {
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    // They take the sampling interval for delay, so they never fall below it.
    if (name.startsWith('nodejs_eventloop_lag_')) registry.removeSingleMetric(name)
  }
  const intervals = monitorEventLoopDelay({ resolution: samplingMilliseconds })
  intervals.enable()
  registerEventLoopDelay(registry, intervals)
  return () => intervals.disable()
}
