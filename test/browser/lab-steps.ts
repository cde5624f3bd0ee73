/** What each step of the tour must have come to: what the server answered and what its rows say, and what the page says of it. */
export interface Outcome {
  /** The last answers under calm rules, and under strict ones where both are shown. */
  readonly calm: readonly string[]
  readonly strict?: readonly string[]
  /** Of the rows afterwards: calm, then strict. */
  readonly rows: readonly object[]
  readonly lit?: readonly string[]
  /** Who is told by then that the session is over, under calm rules. */
  readonly over?: readonly string[]
  /** In the sentences of the page. */
  readonly says: readonly RegExp[]
}

const live = { revoked_at: null, revoke_reason: null }
const reused = { revoke_reason: 'reuse' }

export const outcomes: Readonly<Record<string, Outcome>> = {
  login: { calm: ['200'], rows: [{ ...live, generation: 0 }], says: [/Two tokens/, /wrote one row/] },
  read: { calm: ['200'], rows: [{ ...live, generation: 0 }], says: [/signed, not encrypted/i, /username\s*thirdy/] },
  me: { calm: ['200'], rows: [{ ...live, generation: 0 }], says: [/In the token/, /It read no row/] },
  wrong: { calm: ['401 Access token required'], rows: [live], says: [/This is a refresh token/] },
  tamper: { calm: ['401 Invalid token'], rows: [live], says: [/cannot check this signature/] },
  expire: {
    calm: ['401 Token expired', '200 rotated', '200'],
    rows: [{ ...live, generation: 1, retries: 0 }],
    lit: ['rotated'],
    says: [/generation 1 has taken its place/],
  },
  race: {
    calm: ['200 rotated', '200 repeated', '200', '200'],
    strict: ['200 rotated', '401 Token revoked', '401 Token revoked', '401 Token expired'],
    rows: [
      { ...live, generation: 1, retries: 0 },
      { ...reused, generation: 1 },
    ],
    lit: ['rotated calm, a tab strict, a tab', 'raced calm, a tab', 'reuse strict, a tab'],
    says: [/takes that for a second tab/, /Strict rules take that for theft/],
  },
  lost: {
    calm: ['200 rotated', '200 retried', '200'],
    strict: ['200 rotated', '401 Token revoked', '401 Token expired'],
    rows: [
      { ...live, generation: 1, retries: 1 },
      { ...reused, generation: 1, retries: 0 },
    ],
    lit: ['retried calm', 'reuse strict'],
    says: [/counts it: 1 of 2 in 24 hours/, /forgiven twice in 24 hours/],
  },
  logout: {
    calm: ['204'],
    rows: [{ revoke_reason: 'logout', generation: 0 }],
    over: ['Tab A'],
    says: [/asks Signet refuses it; the one that checks by itself lets it in/, /agree again .* in 15 min/],
  },
  agree: {
    calm: ['204'],
    over: ['Tab A'],
    rows: [{ revoke_reason: 'logout' }],
    says: [/asks Signet refuses it; .* itself refuses it/],
  },
  key: {
    calm: ['200', '200 rotated'],
    rows: [{ ...live, generation: 1 }],
    lit: ['rotated'],
    says: [/Nobody/],
  },
  gone: {
    calm: ['200', '401 Invalid token', '401 Invalid token'],
    rows: [{ ...live, generation: 1 }],
    over: ['Tab B'],
    says: [/the key is gone/],
  },
  steal: { calm: ['200', '200'], rows: [{ ...live, ip: '192.0.2.10' }], says: [/from whatever address/] },
  caught: {
    calm: ['200 rotated', '200 rotated', '401 Token revoked', '401 Token revoked', '401 Token expired'],
    rows: [{ ...reused, generation: 2, retries: 0 }],
    lit: ['reuse'],
    over: ['Tab A', 'Thief'],
    says: [/takes it for theft: the session ends, for everybody/, /both are out/],
  },
  early: {
    calm: [
      '200 rotated',
      '200 retried',
      '200 rotated',
      '200 retried',
      '200 rotated',
      '401 Token revoked',
      '401 Token revoked',
    ],
    rows: [{ ...reused, generation: 3, retries: 2 }],
    lit: ['reuse'],
    over: ['Tab A', 'Thief'],
    says: [/Two late uses a day are forgiven/],
  },
  forgotten: {
    calm: ['202', '204', '401 Token revoked', '401 Token revoked', '200'],
    rows: [{ revoke_reason: 'password_changed' }, { ...live, generation: 0 }],
    over: ['Tab A', 'Thief'],
    says: [/a new password ends every session/, /http:\/\/localhost:\d+\/lab#token=\S{20}/, /to thirdy@example.com/],
  },
  code: {
    calm: ['401 Second factor required', '200', '401 Second factor required', '401 Invalid code'],
    rows: [live, live],
    says: [/a code counts once/, /it was used before/],
  },
}
