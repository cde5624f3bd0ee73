/** `signet sessions`: who is logged in where, and ending that. */
import type { Command } from 'commander'
import { isoTime } from '../base/iso-time.ts'
import { everyPage } from '../base/pages.ts'
import { lastUsedAt } from '../sessions/session.ts'
import type { ListedSession, Session, SessionPosition } from '../stores/stores.ts'
import type { Call } from './call.ts'
import { UsageError } from './failure.ts'
import { actor, type Domain, withDomain } from './open-domain.ts'
import { printRow, printRows } from './output.ts'
import { oneOf, type UserChoice, userOption } from './which-user.ts'

interface SessionOptions extends UserChoice {
  readonly user?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

const pageSize = 500

export function addSessionCommands(sessions: Command, call: Call): void {
  sessions
    .command('list')
    .description('list live sessions: those of one user newest first, or all in the order of their ids')
    .option('--user <name-or-id>', 'only those of this user')
    .addOption(userOption())
    .option('--json', 'print NDJSON, one session a line')
    .action((_: unknown, command: Command) => list(call, command.optsWithGlobals()))

  sessions
    .command('end [id]')
    .description('end a session, or all of one user; running servers notice within about a second')
    .option('--user <name-or-id>', 'end all sessions of this user')
    .addOption(userOption())
    .option('--json', 'print {"sessions_ended": …} as one JSON document')
    .action((sid: string | undefined, _: unknown, command: Command) => end(call, sid, command.optsWithGlobals()))
}

async function list(call: Call, options: SessionOptions) {
  await withDomain(call, options, domain => printRows(call, pages(domain, options), options))
}

async function* pages({ users, sessions }: Domain, options: SessionOptions) {
  if (options.user !== undefined) {
    const { userId, username } = await oneOf(users, options.user, options)
    const all = everyPage<Session, SessionPosition>(after => sessions.list(userId, { limit: pageSize, after }))
    for await (const page of all) yield page.map(session => itemOf({ session, username }))
  } else {
    const all = everyPage<ListedSession, string>(after => sessions.listAll({ limit: pageSize, after }))
    for await (const page of all) yield page.map(itemOf)
  }
}

async function end(call: Call, sid: string | undefined, options: SessionOptions) {
  if ((sid === undefined) === (options.user === undefined)) throw new UsageError('give either a session id or --user')
  await withDomain(call, options, async ({ users, sessions }) => {
    let ended = 1
    if (sid !== undefined) await sessions.endAny(sid, actor.by)
    else {
      const { userId } = await oneOf(users, options.user ?? '', options)
      ended = await sessions.logOutAll(userId, undefined, actor.by)
    }
    await printRow(call, { sessions_ended: ended }, options)
  })
}

function itemOf({ session, username }: ListedSession) {
  const { sid, userId, createdAt, expiresAt, maxExpiresAt, ip, userAgent } = session
  return {
    id: sid,
    username,
    user_id: userId,
    created_at: isoTime(createdAt),
    last_used_at: isoTime(lastUsedAt(session)),
    expires_at: isoTime(Math.min(expiresAt, maxExpiresAt)),
    ip,
    user_agent: userAgent,
  }
}
