/** `signet users factors`: what somebody has beside a password, and taking it away from whoever has lost it. */
import { type Command, Option } from 'commander'
import { isoTime } from '../base/iso-time.ts'
import { confirm } from './ask.ts'
import { type Call, isInteractive } from './call.ts'
import { UsageError } from './failure.ts'
import { actor, type Domain, withDomain } from './open-domain.ts'
import { printJson, printRow } from './output.ts'
import { oneOf, type UserChoice, userOption } from './which-user.ts'

interface FactorsOptions extends UserChoice {
  readonly remove?: boolean
  readonly removeAll?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export function factorsCommand(users: Command, call: Call): void {
  users
    .command('factors [name-or-id]')
    .description('show the second factors of a user, or remove them from somebody who has lost them')
    .option('--remove', 'remove all of them and the recovery codes, and end the sessions')
    .addOption(
      new Option('--remove-all', 'remove those of all users: when no secret opens them any more').conflicts('remove'),
    )
    .option('--yes', 'do not ask')
    .addOption(userOption())
    .option('--json', 'print one JSON document')
    .action((user: string | undefined, _: unknown, command: Command) => factors(call, user, command.optsWithGlobals()))
}

async function factors(call: Call, nameOrId: string | undefined, options: FactorsOptions): Promise<void> {
  const { remove = false, removeAll = false, yes } = options
  if (removeAll === (nameOrId !== undefined)) throw new UsageError('give a user, or --remove-all and none')
  if ((remove || removeAll) && !yes && !isInteractive(call)) {
    throw new UsageError('there is no terminal to ask on: use --yes')
  }
  // Who takes the second lock off somebody's door leaves a line of it, asked for or not.
  const verbose = remove || removeAll
  await withDomain(call, { verbose }, async domain => {
    if (nameOrId === undefined) return removeFromAll(call, domain, options)
    const { userId, username } = await oneOf(domain.users, nameOrId, options)
    if (!remove) return show(call, domain, { userId, username }, options)
    await requireSure(call, options, `Remove the second factors of ${username} (id ${userId}) and end the sessions?`)
    await domain.factorRemoval.removeAll(userId, actor)
    return show(call, domain, { userId, username }, options)
  })
}

async function show(
  call: Call,
  { factorRemoval }: Domain,
  { userId, username }: { userId: string; username: string },
  { json }: FactorsOptions,
): Promise<void> {
  const { factors, recoveryCodes } = await factorRemoval.show(userId)
  const each = factors.map(({ kind, name, createdAt, lastUsedAt }) => ({
    kind,
    name,
    created_at: isoTime(createdAt),
    last_used_at: lastUsedAt === null ? null : isoTime(lastUsedAt),
  }))
  const whose = { user_id: userId, username }
  if (json) return printJson(call, { ...whose, factors: each, recovery_codes: recoveryCodes })
  const inWords = each.map(
    ({ kind, name, created_at: since }) => `${name === null ? kind : `${kind} ${name}`} since ${since}`,
  )
  await printRow(call, { ...whose, factors: inWords.join(', '), recovery_codes: recoveryCodes }, {})
}

async function removeFromAll(call: Call, { factorRemoval }: Domain, options: FactorsOptions): Promise<void> {
  await requireSure(call, options, 'Remove the second factors of all users and end their sessions?')
  const count = await factorRemoval.removeFromEverybody(actor)
  await printRow(call, { users: count }, options)
}

async function requireSure(call: Call, { yes }: FactorsOptions, question: string): Promise<void> {
  if (!yes && !(await confirm(call, question))) throw new Error('nothing was removed')
}
