/** What just happened, in one sentence. Each is chosen by what the server answered and wrote into its log, never by what was asked for. */
import type { Entry, Exchange, Mail, Rules, Sent, SessionRow, Snapshot } from '../model/log.ts'
import { span } from '../model/time.ts'
import { laneNames } from './acts.ts'
import { rowOf } from './rows.ts'

const windowSeconds: Record<Rules, number> = { calm: 30, strict: 0 }
const retriesPerDay: Record<Rules, number> = { calm: 2, strict: 0 }

type Say = (about: { readonly row: SessionRow | undefined; readonly rules: Rules }) => string

const ofRows: Readonly<Record<string, Say>> = {
  revoked: () => 'This session has ended. No token of it gets new ones.',
  expired: () => 'This session was unused for too long, so it has run out. The user must log in again.',
  rotated: ({ row }) =>
    `The refresh token was the current one. It is used up now; generation ${row?.generation ?? '?'} has taken its place.`,
  repeated: ({ rules }) =>
    `The refresh token is the current one and younger than ${windowSeconds[rules]} s: it stays, and there is a new access token.`,
  raced: ({ rules }) =>
    `This refresh token was used a moment ago. Within ${windowSeconds[rules]} s the server takes that for a second tab, and gives the same successor again.`,
  retried: ({ row, rules }) =>
    `This refresh token was used before, but nobody has used its successor. The server takes that for a lost answer and counts it: ${row?.retries ?? '?'} of ${retriesPerDay[rules]} in 24 hours.`,
  reuse: ({ rules }) =>
    rules === 'strict'
      ? 'This refresh token was used before. Strict rules take that for theft: the session ends, for everybody.'
      : 'This refresh token was used before, and no second tab explains it, nor a lost answer, of which two a day are forgiven. The server takes it for theft: the session ends, for everybody.',
  recovered: () => 'The token is one ahead of the row: the database lost its last write, and catches up.',
  ahead: () => 'The token is further than the row: the database is an older copy.',
}

/** By `code` of the problem in the answer. */
const ofRefusals: Readonly<Record<string, string>> = {
  access_token_required: 'This is a refresh token. It gets new tokens and opens nothing else.',
  refresh_token_required: 'This is an access token. It cannot get new tokens.',
  invalid_token: 'The server cannot check this signature: the text was changed, or the key is gone.',
  token_expired: 'The signature is right, but the time of this token is over. Only a refresh gets a new one.',
  token_revoked:
    'The signature is right and its time is not over, but this session has ended, and Signet remembers that.',
  invalid_credentials: 'The name or the password is wrong.',
  second_factor_required:
    'The password was right, but this user has a second factor. There are no tokens yet, only a challenge: good for five minutes, five tries and one login.',
  invalid_code:
    'This code is not accepted: it is not that of this half minute, or it was used before. A code counts once, so whoever has watched it comes too late.',
  'invalid_code of a passkey':
    'This signature is not accepted: it is of another site or another user, or the question was answered before.',
  fresh_login_required:
    'The login is older than five minutes, and whoever finds an open browser shall not add a factor. Log out and in again.',
  invalid_link:
    'This link is spent, or too old: it works once, for 30 minutes, and not after the password has changed.',
}

/** By the end of the path, for what went well. */
const ofSuccess: readonly (readonly [RegExp, string])[] = [
  [/\/login$/, 'The password was right. The server wrote one row, the session, and made two tokens.'],
  [
    /\/me$/,
    'The signature is right and the time is not over, so the server believes what the token says. It read no row; the list of ended sessions is in its memory.',
  ],
  [
    /\/login\/second-factor$/,
    'Password and second factor were right: two things that a thief would have to have. The server wrote one row, the session, and made two tokens.',
  ],
  [
    /\/me\/totp$/,
    'The server has made a secret and shows it this once, for the app. From it and the time both can compute the same six digits.',
  ],
  [
    /\/me\/totp\/confirm$/,
    'The code was right, so the app has the secret: from now on a login asks for a code. There are ten recovery codes for when the phone is lost, and other sessions of this user have ended.',
  ],
  [
    /\/passkeys?\/options$/,
    'The server asks a question that was never asked before. The browser signs it with a passkey that is for this site alone.',
  ],
  [
    /\/me\/passkeys$/,
    'The browser has made a passkey. It keeps the half that signs, and the server has the half that checks: nothing can be watched, typed or told to a wrong page.',
  ],
  [
    /\/login\/passkey$/,
    'The signature is right, and the browser has made sure who sits there: that counts as two factors. No password went over.',
  ],
  [/\/logout$/, 'The session has ended. Signet refuses all its tokens from now on.'],
  [/\/logout\/all$/, 'Every session of this user has ended.'],
  [
    /\/password\/forgot$/,
    'The server says the same of every name, so nobody learns who has an account. If there is one, a link goes to its address; nothing else has changed.',
  ],
  [
    /\/password\/reset$/,
    'The link was right: whoever has it reads the mail of this user. It is spent now, the password is a new one, and every session of this user has ended.',
  ],
]

export function verdictOf({ exchange }: Sent, state: Snapshot): string {
  const lost = exchange.arrived ? '' : ' But the answer was lost: nobody got the new tokens.'
  return `${judged(exchange, state)}${lost}`
}

function judged(exchange: Exchange, state: Snapshot): string {
  const { rules, request, answer, audit } = exchange
  const row = rowOf(exchange)
  const sid = audit.find(event => event.sid !== undefined)?.sid
  const session = state.sessions.find(one => one.sid === sid)
  if (row !== undefined) return ofRows[row]?.({ row: session, rules }) ?? row
  if (answer.status >= 400) return ofRefusals[refusalOf(exchange)] ?? `The server refused: ${answer.status}.`
  return ofSuccess.find(([path]) => path.test(request.url))?.[1] ?? `The server answered ${answer.status}.`
}

/** The code, and of what where that makes a difference. */
function refusalOf(exchange: Exchange): string {
  const code = codeOf(exchange) ?? ''
  return code === 'invalid_code' && exchange.request.body.includes('"clientDataJSON"') ? `${code} of a passkey` : code
}

export function codeOf({ answer }: Exchange): string | undefined {
  return answer.status < 400 || answer.body === '' ? undefined : JSON.parse(answer.body).code
}

/** `200 rotated`, `401 Token revoked`. */
export function statusOf({ answer }: Exchange): string {
  const detail = answer.status >= 400 && answer.body !== '' ? JSON.parse(answer.body).detail : undefined
  return [answer.status, detail ?? answer.headers['signet-refresh'] ?? ''].join(' ').trim()
}

const why: Readonly<Record<string, string>> = {
  reuse: 'a refresh token was used again',
  logout: 'somebody logged out',
  logout_all: 'the user logged out everywhere',
  password_changed: 'the password is a new one',
  factors_changed: 'there is a new second factor',
}

export const endOf = ({ username, revoke_reason }: SessionRow) =>
  `${username}’s session ends: ${why[revoke_reason ?? ''] ?? revoke_reason}`

/** Of a mail, when it comes. */
export const arrivalOf = ({ to, subject }: Mail) => `A mail arrives for ${to}: ${subject}.`

/** For the diagram's items, and for whoever hears the page instead of seeing it. */
export function sentenceOf(entry: Entry): string {
  switch (entry.kind) {
    case 'sent':
      return entry.sent
        .map(sent => {
          const { lane, request } = sent.exchange
          const path = new URL(request.url).pathname.replace(/.*\/(calm|strict)/, '')
          return `${laneNames[lane]}: ${request.method} ${path}, ${statusOf(sent.exchange)}. ${verdictOf(sent, entry.state)}`
        })
        .join(' ')
    case 'copy':
      return entry.to === 'thief'
        ? 'The thief copies both tokens. A copy is as good as the original, and nobody notices.'
        : 'Tab B holds the same two tokens as tab A, as a second tab of one browser does.'
    case 'time':
      return `${span(entry.seconds)} go by.`
    case 'secret':
      return entry.act === 'rotate'
        ? 'The server signs with a new key from now on. It keeps the old one, to check what that has signed.'
        : 'The old key is gone. Nobody can check what it has signed.'
    case 'services': {
      const { asks, byItself } = entry.answers
      const word = (is: boolean) => (is ? 'lets it in' : 'refuses it')
      return `The service that asks Signet ${word(asks.isAccepted)}; the one that checks by itself ${word(byItself.isAccepted)}.`
    }
  }
}
