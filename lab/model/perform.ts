/** Does what an act says, under each set of rules that is on the page, and makes entries of the log of it. */
import { type Act, actsOf, isPossible, type Known, type Request, type Signing, type Verb } from '../words/acts.ts'
import { api } from './api.ts'
import type { Entry, Exchange, Lane, Rules, Sent, Snapshot } from './log.ts'
import { linkOf, tokenIn } from './owner.ts'
import { askBrowser } from './passkey.ts'
import { changeCharacter, expiresAt, readToken, sidOf, type Token } from './token.ts'
import { codeAt, stepAt } from './totp.ts'
import { type Held, userOf, type World } from './world.ts'

type Made = Entry extends infer E ? (E extends Entry ? Omit<E, 'id' | 'command'> : never) : never

export interface Command {
  /** As in `a refresh`, `b race`, `time 60`, `time expiry`, `secret rotate`. */
  readonly words: string
  /** Which character of the token is changed. */
  readonly at?: number
  /** Whose link is followed; the newest one's when not given. */
  readonly mail?: string
  readonly isRunning?: boolean
}

/**
 * Gives what has happened as it happens, so that it is told even where the rest fails.
 * @param worlds of each set of rules that is on the page; what is not possible under one of them is left out there
 */
export async function* perform(command: Command, worlds: readonly World[]): AsyncGenerator<Made> {
  const { words, isRunning = false } = command
  const [who = '', what = ''] = words.split(' ')
  if (who === 'time') {
    const seconds = what === 'expiry' ? secondsToExpiry(worlds) : Number(what)
    if (seconds > 0) yield { kind: 'time', seconds, isRunning, ...(await api.advance(seconds)) }
    return
  }
  if (who === 'secret') {
    const act = what === 'rotate' ? 'rotate' : 'forget'
    yield { kind: 'secret', act, ...(await api.changeSecret(act)) }
    return
  }
  const act = actsOf.get(what as Verb)
  if (!act) throw new Error(`There is no act "${words}".`)
  const lanes = (('together' in act.does && act.does.together) || [who]) as readonly Lane[]
  for (const world of worlds) {
    const able = lanes.filter(lane => isPossible(act, lane, world, worlds.length === 1))
    if (able.length > 0) yield* doOnce(act, able, world, command)
  }
}

async function* doOnce({ does }: Act, lanes: readonly Lane[], world: World, command: Command): AsyncGenerator<Made> {
  const { rules } = world
  const [lane = 'a'] = lanes
  if ('copyFrom' in does) {
    yield { kind: 'copy', rules, from: does.copyFrom, to: lane, ...(await api.state()) }
  } else if ('askServices' in does) {
    const token = world.lanes[lane].access as Token
    const { services: answers, state } = await api.askServices(rules, token.text)
    yield { kind: 'services', rules, token, answers, state }
  } else if ('browser' in does) {
    yield* sign(does, lane, world)
  } else {
    const sent = await Promise.all(lanes.map(one => send(does.send, one, world, command)))
    const { state } = lanes.length > 1 ? await api.state() : (sent[0] as WithState)
    yield { kind: 'sent', rules, sent: inOrder(sent), state }
  }
}

async function* sign({ options, browser, take, as }: Signing, lane: Lane, world: World): AsyncGenerator<Made> {
  const { rules } = world
  const asked = options && (await send(options, lane, world))
  if (asked) yield { kind: 'sent', rules, sent: [asked], state: asked.state }
  if (asked && asked.exchange.answer.status !== 200) return
  const given = asked ? JSON.parse(asked.exchange.answer.body) : world.lanes[lane].challenge?.passkey
  const taken = await send(take, lane, world, { given: { [as]: await askBrowser(browser, given) } })
  yield { kind: 'sent', rules, sent: [taken], state: taken.state }
}

type WithState = Sent & { readonly state: Snapshot }

interface Chosen extends Pick<Command, 'at' | 'mail'> {
  /** Further members of the body. */
  readonly given?: object
}

async function send(request: Request, lane: Lane, world: World, chosen: Chosen = {}): Promise<WithState> {
  const { method, path, bearer, inBody, isChanged, isLost } = request
  const { at = 60, given } = chosen
  const held = world.lanes[lane]
  const presented = bearer || inBody ? held[bearer ?? inBody ?? 'access'] : undefined
  const text = presented && isChanged ? changeCharacter(presented.text, at) : presented?.text
  const { exchange, state } = await api.send({
    rules: world.rules,
    lane,
    method,
    path,
    ...(bearer && text !== undefined && { token: text }),
    ...(inBody && text !== undefined && { body: { refresh_token: text } }),
    ...((request.body || request.fill || given) && {
      body: { ...(await bodyOf(request, world, held, chosen)), ...given },
    }),
    ...(isLost && { lose: true }),
  })
  const got = tokensIn(exchange, world, held)
  return { exchange, presented, changedAt: isChanged ? at : undefined, got, state }
}

type Tell = (world: World, held: Held, chosen: Chosen) => string | undefined | Promise<string>

const known: Readonly<Record<Known, Tell>> = {
  password: ({ owner }) => owner.password,
  link({ owner }, _, { mail: wanted }) {
    const mail = owner.mails.find(({ id }) => id === wanted) ?? linkOf(owner)
    return mail && tokenIn(mail)
  },
  challenge: (_, held) => held.challenge?.text,
  code({ owner, now }, held) {
    const app = owner.apps.get(userOf(held))
    return app && codeAt(app.secret, stepAt(now))
  },
}

async function bodyOf({ body, fill = {} }: Request, ...about: Parameters<Tell>): Promise<Record<string, string>> {
  const told = await Promise.all(
    Object.entries(fill).map(async ([name, what]) => [name, (await known[what](...about)) ?? ''] as const),
  )
  return { ...body, ...Object.fromEntries(told) }
}

/** What arrived of them. */
function tokensIn({ answer, arrived }: Exchange, world: World, held: { access?: Token; refresh?: Token }): Token[] {
  if (!arrived || answer.status !== 200 || !answer.body.includes('"refresh_token"')) return []
  const { access_token, refresh_token } = JSON.parse(answer.body)
  const { claims } = readToken(refresh_token, { generation: 0, session: 0, predecessor: undefined })
  const known = world.sessions.findIndex(({ sid }) => sid === claims['sid'])
  const of = { generation: Number(claims['gen']), session: known < 0 ? world.sessions.length + 1 : known + 1 }
  const before = (token: Token | undefined) => (token && sidOf(token) === claims['sid'] ? token : undefined)
  return [
    readToken(access_token, { ...of, predecessor: before(held.access) }),
    readToken(refresh_token, { ...of, predecessor: before(held.refresh) }),
  ]
}

/** Of two at the same moment, the one that won comes first, as the server had it. */
function inOrder<S extends Sent>(sent: readonly S[]): S[] {
  const lost = ({ exchange }: S) => Number(!exchange.audit.some(({ event }) => event === 'refresh.rotated'))
  return [...sent].sort((one, other) => lost(one) - lost(other))
}

/** To the next moment at which a token that somebody holds runs out; 0 when all have. */
function secondsToExpiry(worlds: readonly World[]): number {
  const tokens = worlds.flatMap(({ lanes }) => Object.values(lanes).flatMap(({ access, refresh }) => [access, refresh]))
  const now = worlds[0]?.now ?? 0
  const left = tokens.flatMap(token => (token ? [expiresAt(token) - now] : [])).filter(seconds => seconds > 0)
  return left.length > 0 ? Math.min(...left) : 0
}

export type { Made, Rules }
