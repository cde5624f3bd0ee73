/**
 * What can be done, as data: a button of a lane, and a word of a tour step (`a refresh`, `thief steal`). A further act is a
 * further line here.
 */
import type { Lane } from '../model/log.ts'
import { linkOf } from '../model/owner.ts'
import { type Held, userOf, type World } from '../model/world.ts'

export interface Act {
  readonly label: string
  /** One sentence for whoever has not seen it yet. */
  readonly hint: string
  readonly lanes: readonly Lane[]
  /** What must be there; without it the act is possible always. */
  readonly needs?: Need
  /** Changes the user, whom both sets of rules share: so it is not to be had under both at once. */
  readonly isOfUser?: boolean
  /** Not among the first buttons. */
  readonly isFurther?: boolean
  readonly does:
    | { readonly send: Request /** Those who send it at the same moment. */; readonly together?: readonly Lane[] }
    | { readonly copyFrom: Lane }
    | { readonly askServices: true }
    | Signing
}

/** The browser is asked for a passkey, or for a signature by one. */
export interface Signing {
  /** Gets what it is asked with; otherwise that came with the challenge. */
  readonly options?: Request
  readonly browser: 'create' | 'get'
  /** Takes what the browser gave to the server, as this member of the body. */
  readonly take: Request
  readonly as: 'response' | 'passkey'
}

export interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: Readonly<Record<string, string>>
  /** Members of the body that are known by then. */
  readonly fill?: Readonly<Record<string, Known>>
  /** Goes into the `Authorization` header. */
  readonly bearer?: 'access' | 'refresh'
  /** Goes into the body, as `refresh_token`. */
  readonly inBody?: 'access' | 'refresh'
  /** With one character of it changed. */
  readonly isChanged?: boolean
  readonly isLost?: boolean
}

/** What a lane, or the user in front of it, knows when the time has come. */
export type Known = 'password' | 'link' | 'challenge' | 'code'

type Need = 'tokens' | 'nothing' | 'link' | 'no app' | 'new app' | 'challenge' | 'passkey' | 'passkey challenge'

const isThere: Readonly<Record<Need, (held: Held, world: World) => boolean>> = {
  tokens: held => held.refresh !== undefined,
  nothing: held => held.refresh === undefined || held.isTold,
  link: (_, { owner }) => linkOf(owner) !== undefined,
  'no app': (held, world) => isThere.tokens(held, world) && appOf(held, world)?.isConfirmed !== true,
  'new app': (held, world) => isThere.tokens(held, world) && appOf(held, world)?.isConfirmed === false,
  passkey: (held, world) => isThere.nothing(held, world) && world.owner.passkeys.size > 0,
  'passkey challenge': ({ challenge }) => challenge?.passkey !== undefined,
  challenge: (held, world) => held.challenge !== undefined && appOf(held, world) !== undefined,
}

const appOf = (held: Held, { owner }: World) => owner.apps.get(userOf(held))

const tabs = ['a', 'b'] as const
const all = ['a', 'b', 'thief'] as const
const refresh: Request = { method: 'POST', path: '/refresh', inBody: 'refresh' }
const login: Request = { method: 'POST', path: '/login' }

const asThirdy: Act['does'] = { send: { ...login, body: { username: 'thirdy' }, fill: { password: 'password' } } }

export const acts = {
  login: { label: 'Log in', hint: 'as thirdy, an admin', lanes: tabs, needs: 'nothing', does: asThirdy },
  maria: {
    label: 'Log in as maria',
    hint: 'a user like any other',
    lanes: tabs,
    needs: 'nothing',
    does: { send: { ...login, body: { username: 'maria', password: 'demo123' } } },
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
  forgot: {
    label: 'Forgot the password',
    hint: 'asks for a link by mail, as anybody can',
    lanes: all,
    isFurther: true,
    isOfUser: true,
    does: { send: { method: 'POST', path: '/password/forgot', body: { username: 'thirdy' } } },
  },
  reset: {
    label: 'Set a new password',
    hint: 'with the link of the newest mail',
    lanes: tabs,
    needs: 'link',
    isFurther: true,
    isOfUser: true,
    does: {
      send: {
        method: 'POST',
        path: '/password/reset',
        body: { new_password: 'a sentence of my own' },
        fill: { token: 'link' },
      },
    },
  },
  enrol: {
    label: 'Add an authenticator app',
    hint: 'the server makes a secret for it',
    lanes: tabs,
    needs: 'no app',
    isFurther: true,
    isOfUser: true,
    does: { send: { method: 'POST', path: '/me/totp', bearer: 'access' } },
  },
  confirm: {
    label: 'Confirm the app',
    hint: 'with the six digits that it shows',
    lanes: tabs,
    needs: 'new app',
    isOfUser: true,
    does: { send: { method: 'POST', path: '/me/totp/confirm', bearer: 'access', fill: { code: 'code' } } },
  },
  code: {
    label: 'Send the code',
    hint: 'the six digits that the app shows now',
    lanes: all,
    needs: 'challenge',
    does: {
      send: { method: 'POST', path: '/login/second-factor', fill: { challenge: 'challenge', code: 'code' } },
    },
  },
  passkey: {
    label: 'Add a passkey',
    hint: 'your browser makes and keeps it: remove it there when you are done',
    lanes: tabs,
    needs: 'tokens',
    isFurther: true,
    isOfUser: true,
    does: {
      options: { method: 'POST', path: '/me/passkeys/options', bearer: 'access' },
      browser: 'create',
      take: { method: 'POST', path: '/me/passkeys', bearer: 'access', body: { name: 'this browser' } },
      as: 'response',
    },
  },
  sign: {
    label: 'Use the passkey',
    hint: 'as the second factor, after the password',
    lanes: tabs,
    needs: 'passkey challenge',
    isOfUser: true,
    does: {
      browser: 'get',
      take: { method: 'POST', path: '/login/second-factor', fill: { challenge: 'challenge' } },
      as: 'passkey',
    },
  },
  alone: {
    label: 'Log in with the passkey',
    hint: 'without a name and a password',
    lanes: tabs,
    needs: 'passkey',
    isOfUser: true,
    does: {
      options: { method: 'POST', path: '/login/passkey/options' },
      browser: 'get',
      take: { method: 'POST', path: '/login/passkey' },
      as: 'response',
    },
  },
  watch: {
    label: 'Log in, having watched',
    hint: 'as thirdy, whose password was seen while it was typed',
    lanes: ['thief'],
    needs: 'nothing',
    isFurther: true,
    does: asThirdy,
  },
} as const satisfies Record<string, Act>

export type Verb = keyof typeof acts

export const actsOf: ReadonlyMap<Verb, Act> = new Map(Object.entries(acts) as [Verb, Act][])

/** @param isAlone whether this set of rules is the only one on the page */
export function isPossible(act: Act, lane: Lane, world: World, isAlone: boolean): boolean {
  if (act.isOfUser && !isAlone) return false
  const isWithTabA = 'copyFrom' in act.does || ('together' in act.does && act.does.together !== undefined)
  if (isWithTabA && world.lanes.a.refresh === undefined) return false
  return act.needs === undefined || isThere[act.needs](world.lanes[lane], world)
}

export const laneNames: Readonly<Record<Lane, string>> = { a: 'Tab A', b: 'Tab B', thief: 'Thief' }
