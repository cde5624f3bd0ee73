/** Why Signet, or the way to it, did not do what was asked. */
export class SignetError extends Error {
  /** Signet's own word (docs/errors.md), `network` when no whole answer came, `unexpected` when it was not Signet's. */
  declare readonly code: string
  /** Of the answer; 0 when there was none. */
  declare readonly status: number
  /** How long to wait before trying again, if the answer says so. */
  declare readonly retryAfterSeconds: number | undefined
  /** The whole problem (RFC 9457), for what else stands in it. */
  declare readonly problem: Readonly<Record<string, unknown>>

  constructor(response: Response | undefined, problem: Record<string, unknown>, cause?: unknown) {
    super((problem['detail'] ?? 'No answer of Signet') as string, { cause })
    this.name = 'SignetError'
    this.code = (problem['code'] ?? (response ? 'unexpected' : 'network')) as string
    this.status = response?.status ?? 0
    this.retryAfterSeconds = Number(response?.headers.get('retry-after')) || undefined // a date would need a right clock
    this.problem = problem
  }
}
