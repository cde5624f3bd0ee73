/**
 * Every series, in a registry of its own. Events are counted as they happen; what has a present state is read at
 * every scrape (state.ts). Label values come from closed lists and from our own route patterns, never from what a client sent.
 */
import { Counter, Histogram, Registry } from '@prometheus-io/client'
import type { AuditEvent } from '../base/audit.ts'
import { type ErrorCode, SignetError } from '../base/errors.ts'
import { sessionEnds, sessionsEndedBy } from './session-ends.ts'
import { watchForSharedAddress } from './shared-address.ts'
import { type MetricSources, registerState } from './state.ts'

export interface AnsweredRequest {
  readonly method: string
  /** The pattern of the route; undefined when there is none for the URL. */
  readonly route: string | undefined
  readonly status: number
  readonly seconds: number
  /** Of the client; undefined when it has gone. */
  network(): string | undefined
}

export interface Metrics {
  readonly contentType: string
  /** Everything in Prometheus' text format. */
  text(): Promise<string>
  requestAnswered(request: AnsweredRequest): void
  /** An attempt to log in came to this. */
  loginRefused(code: ErrorCode): void
  databaseFailed(error: unknown): void
  happened(event: AuditEvent): void
  close(): void
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const shared = watchForSharedAddress(sources.clock)
  const stopSampling = registerState(registry, sources, shared.isShared)

  const requests = new Histogram({
    name: 'signet_http_request_duration_seconds',
    help: 'How long requests took, by method, route and status; unknown URLs have the route "none".',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  })
  const logins = new Counter({
    name: 'signet_logins_total',
    help: 'Attempts to log in, by outcome: success, challenged (the password was right), failed, throttled or overloaded.',
    labelNames: ['outcome'],
    registers,
  })
  const refreshes = new Counter({
    name: 'signet_refreshes_total',
    help: 'Refreshes with an authentic refresh token, by outcome: the cause in Signet-Refresh, or why it was refused.',
    labelNames: ['outcome'],
    registers,
  })
  const begun = new Counter({ name: 'signet_sessions_begun_total', help: 'Sessions begun by a login.', registers })
  const ended = new Counter({
    name: 'signet_sessions_ended_total',
    help: 'Sessions ended by this instance, by cause; those that just expire are not among them.',
    labelNames: ['cause'],
    registers,
  })
  const failures = new Counter({
    name: 'signet_database_errors_total',
    help: 'Failures of the database, by engine and kind: unavailable (away, locked, full) or unexpected.',
    labelNames: ['engine', 'kind'],
    registers,
  })
  // From the start, or the first one would not show as an increase.
  for (const outcome of new Set(['success', ...Object.values(refusedLogins)])) logins.inc({ outcome }, 0)
  for (const outcome of refreshOutcomes) refreshes.inc({ outcome }, 0)
  for (const cause of sessionEnds) ended.inc({ cause }, 0)
  for (const kind of ['unavailable', 'unexpected']) failures.inc({ engine: sources.engine, kind }, 0)

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    requestAnswered({ method, route = 'none', status, seconds, network }) {
      requests.observe({ method: methods.has(method) ? method : 'other', route, status }, seconds)
      // Machines ask from addresses of their own, all the time, which would hide that clients share one, or look like it.
      if (!route.startsWith('/health/') && !route.endsWith('/revocations')) shared.note(network)
    },
    loginRefused(code) {
      const outcome = refusedLogins[code]
      if (outcome) logins.inc({ outcome })
    },
    databaseFailed(error) {
      const isOurs = error instanceof SignetError
      if (isOurs && error.code !== 'unavailable') return // an answer, as `taken` is one
      failures.inc({ engine: sources.engine, kind: isOurs ? 'unavailable' : 'unexpected' })
    },
    happened(audited) {
      const { event } = audited
      if (event.startsWith('refresh.')) refreshes.inc({ outcome: event.slice('refresh.'.length) })
      if (event === 'login') {
        logins.inc({ outcome: 'success' })
        begun.inc()
      }
      const end = sessionsEndedBy(audited)
      if (end) ended.inc({ cause: end.cause }, end.count)
    },
    close() {
      stopSampling()
      registry.clear()
    },
  }
}

/** Others are rare enough to be one, so that nobody can make a series for each word Node takes for a method. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

const refusedLogins: Partial<Record<ErrorCode, string>> = {
  invalid_credentials: 'failed',
  too_many_attempts: 'throttled',
  overloaded: 'overloaded',
  second_factor_required: 'challenged',
  mfa_required: 'challenged',
  invalid_code: 'failed',
}

const refreshOutcomes = ['rotated', 'repeated', 'retried', 'recovered', 'revoked', 'expired', 'reuse', 'ahead']
