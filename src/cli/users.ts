/** `signet users`: the administrator's acts on accounts, without a server in between. */
import { type Command, Option } from 'commander'
import { SignetError } from '../base/errors.ts'
import { everyPage } from '../base/pages.ts'
import { newUsername } from '../names/username.ts'
import type { Stores, User } from '../stores/stores.ts'
import type { AccountChanges } from '../users/accounts.ts'
import { emailOf, newAddress, requireFree } from '../users/address.ts'
import { userItem } from '../wire/user-schemas.ts'
import { askPassword, confirm } from './ask.ts'
import { type Call, isInteractive } from './call.ts'
import { factorsCommand } from './factors.ts'
import { UsageError } from './failure.ts'
import { hasMail } from './has-mail.ts'
import { importUsers } from './import-users.ts'
import { actor, type Domain, withDomain } from './open-domain.ts'
import { printRow, printRows } from './output.ts'
import { requireMeant, role } from './role-option.ts'
import { oneOf, type UserChoice, userOption } from './which-user.ts'

interface Common {
  readonly json?: boolean
  readonly verbose?: boolean
}

interface AddOptions extends Common {
  readonly role?: string
  readonly email?: string
  readonly passwordStdin?: boolean
  readonly yes?: boolean
}

interface InviteOptions extends Common {
  readonly email: string
  readonly role?: string
  readonly language?: string
  readonly yes?: boolean
}

interface SetOptions extends Common, UserChoice {
  readonly role?: string
  readonly email?: string | false
  readonly disable?: boolean
  readonly enable?: boolean
  readonly password?: boolean
  readonly passwordStdin?: boolean
  readonly yes?: boolean
}

interface ListOptions extends Common {
  readonly q?: string
  /** What `--q` was called before. */
  readonly prefix?: string
  readonly limit?: number
}

const pageSize = 500

export function addUserCommands(users: Command, call: Call): void {
  users
    .command('add <name>')
    .description('add a user; asks for the password unless it comes from standard input')
    .option('--role <role>', 'what the token says the user is (default: user)', role)
    .option('--email <address>', 'another name to log in with')
    .option('--password-stdin', 'read the password from standard input, without its last line break')
    .option('--yes', 'do not ask back about the role')
    .option('--json', 'print the user as one JSON document')
    .action((name: string, _: unknown, command: Command) => add(call, name, command.optsWithGlobals()))

  users
    .command('invite <name>')
    .description('add a user without a password, and send a link to choose one, which works for 7 days')
    .requiredOption('--email <address>', 'where the link goes; following it proves the address')
    .option('--role <role>', 'what the token says the user is (default: user)', role)
    .option('--language <tag>', 'of the mail (default: MAIL_LANGUAGE)')
    .option('--yes', 'do not ask back about the role')
    .option('--json', 'print the user as one JSON document')
    .action((name: string, _: unknown, command: Command) => invite(call, name, command.optsWithGlobals()))

  users
    .command('list')
    .description('list users by name: all of them, a page at a time')
    .option('--q <text>', 'only names and e-mail addresses that begin with this')
    .addOption(new Option('--prefix <text>').conflicts('q').hideHelp())
    .option('--limit <number>', 'no more than this many', count)
    .option('--json', 'print NDJSON, one user a line')
    .action((_: unknown, command: Command) => list(call, command.optsWithGlobals()))

  users
    .command('set <name-or-id>')
    .description('change a user; a changed role or password, and disabling, end the sessions')
    .option('--role <role>', 'the new role', role)
    .option('--email <address>', 'the new e-mail address')
    .option('--no-email', 'remove the e-mail address')
    .addOption(new Option('--disable', 'refuse logins and end the sessions').conflicts('enable'))
    .option('--enable', 'allow logins again')
    .addOption(new Option('--password', 'ask for a new password').conflicts('passwordStdin'))
    .option('--password-stdin', 'read a new password from standard input')
    .option('--yes', 'do not ask back about the role')
    .addOption(userOption())
    .option('--json', 'print the user as one JSON document')
    .action((user: string, _: unknown, command: Command) => set(call, user, command.optsWithGlobals()))

  users
    .command('unlock <name-or-id>')
    .description('end the wait after wrong passwords: the next attempt is looked at, from wherever it comes')
    .addOption(userOption())
    .option('--json', 'print the user as one JSON document')
    .action((user: string, _: unknown, command: Command) => unlock(call, user, command.optsWithGlobals()))

  users
    .command('delete <name-or-id>')
    .description('delete a user and end the sessions')
    .option('--yes', 'do not ask')
    .addOption(userOption())
    .option('--json', 'print the deleted user as one JSON document')
    .action((user: string, _: unknown, command: Command) => remove(call, user, command.optsWithGlobals()))

  factorsCommand(users, call)
  importUsers(users, call)
}

async function add(call: Call, name: string, { role, email, passwordStdin, yes, ...common }: AddOptions) {
  await requireMeant(call, role, yes)
  await withDomain(call, { ...common, create: true }, async ({ users, stores, policy }) => {
    const address = emailOf(email)
    const named = newUsername(name, address)
    if ('mistake' in named) throw new Error(`the name ${named.mistake}`)
    const { username } = named
    await requireNobody(stores, address, username)
    const password = await askPassword(call, passwordStdin, one => policy.check(one, username, '/password'))
    const account = { username: name, password, ...(role && { role }), ...(email !== undefined && { email }) }
    await printRow(call, userItem(await users.create(account, actor)), common)
  })
}

async function invite(call: Call, username: string, { role, email, language, yes, ...common }: InviteOptions) {
  if (!hasMail(call.env)) {
    throw new Error('neither SMTP_URL nor MAIL_WEBHOOK_URL is set, so no server would send the link')
  }
  await requireMeant(call, role, yes)
  await withDomain(call, { ...common, create: true }, async ({ users, ...others }) => {
    const invitation = { username, email, language: (language ?? others.language).toLowerCase(), ...(role && { role }) }
    await printRow(call, userItem(await users.invite(invitation, actor)), common)
  })
}

async function list(call: Call, options: ListOptions) {
  const q = options.q ?? options.prefix
  await withDomain(call, options, domain => printRows(call, pages(domain, q, options.limit), options))
}

async function* pages({ users }: Domain, q: string | undefined, most = Number.POSITIVE_INFINITY) {
  let left = most
  const all = everyPage<User, string>(after => users.list({ limit: Math.min(pageSize, left), after, q }))
  for await (const page of all) {
    yield page.map(userItem)
    left -= page.length
    if (left <= 0) return
  }
}

async function set(call: Call, nameOrId: string, options: SetOptions) {
  const { role, email, disable, enable, password, passwordStdin, yes } = options
  const wantsPassword = password || passwordStdin
  if (![role, email, disable, enable, wantsPassword].some(one => one !== undefined)) {
    throw new UsageError('there is nothing to change: see signet users set --help')
  }
  await requireMeant(call, role, yes)
  await withDomain(call, options, async ({ users, stores, policy }) => {
    const user = await oneOf(users, nameOrId, options)
    const { userId, username } = user
    if (email !== undefined) {
      const { email: address } = await newAddress(stores.users, user, email || null)
      await requireNobody(stores, address ?? null, undefined, userId)
    }
    const changes: AccountChanges = {
      ...(role && { role }),
      ...(email !== undefined && { email: email === false ? null : email }),
      ...((disable || enable) && { disabled: disable === true }),
      ...(wantsPassword && {
        password: await askPassword(call, passwordStdin, one => policy.check(one, username, '/password')),
      }),
    }
    await printRow(call, userItem(await users.change(userId, changes, actor)), options)
  })
}

async function unlock(call: Call, nameOrId: string, options: Common & UserChoice) {
  await withDomain(call, options, async ({ users }) => {
    const { userId } = await oneOf(users, nameOrId, options)
    await printRow(call, userItem(await users.unlock(userId, actor)), options)
  })
}

async function remove(call: Call, nameOrId: string, options: Common & UserChoice & { yes?: boolean }) {
  if (!options.yes && !isInteractive(call)) throw new UsageError('there is no terminal to ask on: use --yes')
  await withDomain(call, options, async ({ users }) => {
    const user = await oneOf(users, nameOrId, options)
    const isSure =
      options.yes || (await confirm(call, `Delete ${user.username} (id ${user.userId}) and end the sessions?`))
    if (!isSure) throw new Error('nothing was deleted')
    await users.delete(user.userId, actor)
    if (options.json) await printRow(call, userItem(user), options)
  })
}

/** What a store refuses in the end is told before anybody types a password. @throws {SignetError} `taken` */
async function requireNobody({ users }: Stores, email: string | null, username?: string, userId?: string) {
  await requireFree(users, email, userId)
  const named = username === undefined ? undefined : await users.findByUsername(username)
  const holder = named ?? (email === null ? undefined : await users.findByEmail(email))
  if (holder && holder.userId !== userId) throw new SignetError('taken', 'somebody has this name or address')
}

function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError('--limit must be a whole number from 1')
  return Number(text)
}
