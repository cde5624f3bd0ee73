/** A token as the page holds it: its text, and what anybody can read in it without a key. */
export interface Token {
  readonly kind: 'access' | 'refresh'
  readonly text: string
  readonly header: Claims
  readonly claims: Claims
  /** Of the session's row when it was given. */
  readonly generation: number
  /** The first session that was begun under these rules is 1. */
  readonly session: number
  /** The one that it took the place of. */
  readonly predecessor: Token | undefined
}

export type Claims = Readonly<Record<string, unknown>>

/** Decodes the two parts that are text (RFC 7515 section 3). */
export function readToken(text: string, of: Pick<Token, 'generation' | 'session' | 'predecessor'>): Token {
  const [header = {}, claims = {}] = text.split('.', 2).map(decode)
  return { kind: claims['token_type'] === 'refresh' ? 'refresh' : 'access', text, header, claims, ...of }
}

export const expiresAt = ({ claims }: Token) => Number(claims['exp'])
export const issuedAt = ({ claims }: Token) => Number(claims['iat'])
export const sidOf = ({ claims }: Token) => String(claims['sid'])
export const nameOf = ({ kind, generation }: Pick<Token, 'kind' | 'generation'>) =>
  `${kind === 'access' ? 'A' : 'R'}${generation}`

/** Of the character that is changed when this one is chosen. Dots stay: their place is its neighbour's. */
export const placeOf = (text: string, at: number) => (text[at] === '.' ? at + 1 : at)

/** The text with a character of it changed into another one of its alphabet. */
export function changeCharacter(text: string, at: number): string {
  const place = placeOf(text, at)
  return `${text.slice(0, place)}${text[place] === 'A' ? 'B' : 'A'}${text.slice(place + 1)}`
}

function decode(part: string): Claims {
  const bytes = Uint8Array.from(atob(part.replaceAll('-', '+').replaceAll('_', '/')), one => one.charCodeAt(0))
  return JSON.parse(new TextDecoder().decode(bytes))
}
