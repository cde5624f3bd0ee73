/** `signet users`: the administrator's acts on accounts, without a server in between. */
import { type Command, Option } from 'commander'
import { canonicalEmail } from '../names/email.ts'
import { canonicalPrefix, newUsername } from '../names/username.ts'
import type { User } from '../stores/stores.ts'
import { rolePattern } from '../users/account.ts'
import type { AccountChanges } from '../users/accounts.ts'
import { userItem } from '../wire/user-schemas.ts'
import { askPassword, confirm, isInteractive } from './ask.ts'
import { UsageError } from './failure.ts'
import { importUsers } from './import-users.ts'
import { actor, type Domain, type Environment, withDomain } from './open-domain.ts'
import { printRow, printRows } from './output.ts'
import { oneOf, type UserChoice, userOption } from './which-user.ts'

interface Common {
  readonly json?: boolean
  readonly verbose?: boolean
}

interface AddOptions extends Common {
  readonly role?: string
  readonly email?: string
  readonly passwordStdin?: boolean
}

interface SetOptions extends Common, UserChoice {
  readonly role?: string
  readonly email?: string | false
  readonly disable?: boolean
  readonly enable?: boolean
  readonly password?: boolean
  readonly passwordStdin?: boolean
}

const pageSize = 500

export function addUserCommands(users: Command, env: Environment): void {
  users
    .command('add <name>')
    .description('add a user; asks for the password unless it comes from standard input')
    .option('--role <role>', 'what the token says the user is (default: user)', role)
    .option('--email <address>', 'another name to log in with')
    .option('--password-stdin', 'read the password from standard input, without its last line break')
    .option('--json', 'print the user as one JSON document')
    .action((name: string, _: unknown, command: Command) => add(env, name, command.optsWithGlobals()))

  users
    .command('list')
    .description('list users by name: all of them, a page at a time')
    .option('--prefix <text>', 'only names and e-mail addresses that begin with this')
    .option('--limit <number>', 'no more than this many', count)
    .option('--json', 'print NDJSON, one user a line')
    .action((_: unknown, command: Command) => list(env, command.optsWithGlobals()))

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
    .addOption(userOption())
    .option('--json', 'print the user as one JSON document')
    .action((user: string, _: unknown, command: Command) => set(env, user, command.optsWithGlobals()))

  users
    .command('unlock <name-or-id>')
    .description('end the wait after wrong passwords: the next attempt is looked at, from wherever it comes')
    .addOption(userOption())
    .option('--json', 'print the user as one JSON document')
    .action((user: string, _: unknown, command: Command) => unlock(env, user, command.optsWithGlobals()))

  users
    .command('delete <name-or-id>')
    .description('delete a user and end the sessions')
    .option('--yes', 'do not ask')
    .addOption(userOption())
    .option('--json', 'print the deleted user as one JSON document')
    .action((user: string, _: unknown, command: Command) => remove(env, user, command.optsWithGlobals()))

  importUsers(users, env)
}

async function add(env: Environment, name: string, { role, email, passwordStdin, ...common }: AddOptions) {
  await withDomain(env, { ...common, create: true }, async ({ users }) => {
    const named = newUsername(name, canonicalEmail(email ?? '') ?? null)
    if ('mistake' in named) throw new Error(`the name ${named.mistake}`)
    const password = await askPassword(passwordStdin)
    const account = { username: name, password, ...(role && { role }), ...(email !== undefined && { email }) }
    await printRow(userItem(await users.create(account, actor)), common)
  })
}

async function list(env: Environment, options: Common & { prefix?: string; limit?: number }) {
  const prefix = canonicalPrefix(options.prefix ?? '')
  await withDomain(env, options, domain => printRows(pages(domain, prefix, options.limit), options))
}

async function* pages({ users }: Domain, prefix: string, most = Number.POSITIVE_INFINITY) {
  let after: string | undefined
  for (let left = most; left > 0; ) {
    const page: User[] = await users.list({ limit: Math.min(pageSize, left), after, prefix })
    if (page.length === 0) return
    yield page.map(userItem)
    after = page.at(-1)?.username
    left -= page.length
  }
}

async function set(env: Environment, nameOrId: string, options: SetOptions) {
  const { role, email, disable, enable, password, passwordStdin } = options
  const wantsPassword = password || passwordStdin
  if (![role, email, disable, enable, wantsPassword].some(one => one !== undefined)) {
    throw new UsageError('there is nothing to change: see signet users set --help')
  }
  await withDomain(env, options, async ({ users }) => {
    const { userId } = await oneOf(users, nameOrId, options)
    const changes: AccountChanges = {
      ...(role && { role }),
      ...(email !== undefined && { email: email === false ? null : email }),
      ...((disable || enable) && { disabled: disable === true }),
      ...(wantsPassword && { password: await askPassword(passwordStdin) }),
    }
    await printRow(userItem(await users.change(userId, changes, actor)), options)
  })
}

async function unlock(env: Environment, nameOrId: string, options: Common & UserChoice) {
  await withDomain(env, options, async ({ users }) => {
    const { userId } = await oneOf(users, nameOrId, options)
    await printRow(userItem(await users.unlock(userId, actor)), options)
  })
}

async function remove(env: Environment, nameOrId: string, options: Common & UserChoice & { yes?: boolean }) {
  if (!options.yes && !isInteractive()) throw new UsageError('there is no terminal to ask on: use --yes')
  await withDomain(env, options, async ({ users }) => {
    const user = await oneOf(users, nameOrId, options)
    const isSure = options.yes || (await confirm(`Delete ${user.username} (id ${user.userId}) and end the sessions?`))
    if (!isSure) throw new Error('nothing was deleted')
    await users.delete(user.userId, actor)
    if (options.json) await printRow(userItem(user), options)
  })
}

function role(text: string): string {
  if (!new RegExp(rolePattern).test(text))
    throw new UsageError('a role is 1 to 64 of a-z, 0-9, dot, underscore, hyphen')
  return text
}

function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError('--limit must be a whole number from 1')
  return Number(text)
}
