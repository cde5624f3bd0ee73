/**
 * What can be done, as data: a button of a lane, and a word of a tour step (`a refresh`, `thief steal`). A further act is a
 * further line here.
 */
import type { Lane } from '../model/log.ts'
import type { Held } from '../model/world.ts'

export interface Act {
  readonly label: string
  /** One sentence for whoever has not seen it yet. */
  readonly hint: string
  readonly lanes: readonly Lane[]
  /** What the lane must hold; a lane that holds nothing is `nothing`. */
  readonly needs?: 'tokens' | 'nothing'
  /** Not among the first buttons. */
  readonly isFurther?: boolean
  readonly does:
    | { readonly send: Request /** Those who send it at the same moment. */; readonly together?: readonly Lane[] }
    | { readonly copyFrom: Lane }
    | { readonly askServices: true }
}

export interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Readonly<Record<string, string>>
  /** Goes into the `Authorization` header. */
  readonly bearer?: 'access' | 'refresh'
  /** Goes into the body, as `refresh_token`. */
  readonly inBody?: 'access' | 'refresh'
  /** With one character of it changed. */
  readonly isChanged?: boolean
  readonly isLost?: boolean
}

const tabs = ['a', 'b'] as const
const all = ['a', 'b', 'thief'] as const
const refresh: Request = { method: 'POST', path: '/refresh', inBody: 'refresh' }
const login = (username: string): Act['does'] => ({
  send: { method: 'POST', path: '/login', body: { username, password: 'demo123' } },
})

export const acts = {
  login: { label: 'Log in', hint: 'as thirdy, an admin', lanes: tabs, needs: 'nothing', does: login('thirdy') },
  maria: {
    label: 'Log in as maria',
    hint: 'a user like any other',
    lanes: tabs,
    needs: 'nothing',
    does: login('maria'),
  },
  open: {
    label: 'Share tab A’s tokens',
    hint: 'as a second tab of the same browser does',
    lanes: ['b'],
    does: { copyFrom: 'a' },
  },
  steal: {
    label: 'Steal tab A’s tokens',
    hint: 'copies both; tab A notices nothing',
    lanes: ['thief'],
    does: { copyFrom: 'a' },
  },
  me: {
    label: 'Who am I?',
    hint: 'GET /me with the access token',
    lanes: all,
    needs: 'tokens',
    does: { send: { method: 'GET', path: '/me', bearer: 'access' } },
  },
  refresh: {
    label: 'Refresh',
    hint: 'the refresh token for two new tokens',
    lanes: all,
    needs: 'tokens',
    does: { send: refresh },
  },
  race: {
    label: 'Refresh with tab A at once',
    hint: 'both at the same moment',
    lanes: ['b'],
    needs: 'tokens',
    does: { send: refresh, together: tabs },
  },
  lose: {
    label: 'Refresh, lose the answer',
    hint: 'the server answers, and nothing arrives',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'POST', path: '/refresh', inBody: 'refresh', isLost: true } },
  },
  wrong: {
    label: 'Send the wrong token',
    hint: 'the refresh token where an access token belongs',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'GET', path: '/me', bearer: 'refresh' } },
  },
  swap: {
    label: 'Refresh with the access token',
    hint: 'the other way round',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'POST', path: '/refresh', inBody: 'access' } },
  },
  tamper: {
    label: 'Change one character',
    hint: 'of the access token, and send it',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'GET', path: '/me', bearer: 'access', isChanged: true } },
  },
  services: {
    label: 'Ask two services',
    hint: 'one asks Signet about the token, one checks it by itself',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { askServices: true },
  },
  logout: {
    label: 'Log out',
    hint: 'ends this session',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'POST', path: '/logout', bearer: 'access' } },
  },
  everywhere: {
    label: 'Log out everywhere',
    hint: 'ends every session of this user',
    lanes: all,
    needs: 'tokens',
    isFurther: true,
    does: { send: { method: 'POST', path: '/logout/all', bearer: 'access' } },
  },
} as const satisfies Record<string, Act>

export type Verb = keyof typeof acts

export const actsOf: ReadonlyMap<Verb, Act> = new Map(Object.entries(acts) as [Verb, Act][])

export function isPossible(act: Act, held: Held, ofTabA: Held): boolean {
  const isWithTabA = 'copyFrom' in act.does || ('together' in act.does && act.does.together !== undefined)
  if (isWithTabA && ofTabA.refresh === undefined) return false
  if ('copyFrom' in act.does) return true
  const hasTokens = held.refresh !== undefined
  return act.needs === 'tokens' ? hasTokens : !hasTokens || held.isTold
}

export const laneNames: Readonly<Record<Lane, string>> = { a: 'Tab A', b: 'Tab B', thief: 'Thief' }
