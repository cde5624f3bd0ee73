/** `signet mail`: what waits in the outbox. Any running server sends it; nothing is sent from here. */
import type { Command } from 'commander'
import { isoTime } from '../base/iso-time.ts'
import { everyPage, readPage } from '../base/pages.ts'
import type { ListedMail, MailStore } from '../stores/stores.ts'
import { type Call, say } from './call.ts'
import { withDomain } from './open-domain.ts'
import { printRow, printRows } from './output.ts'

interface MailOptions {
  readonly json?: boolean
  readonly verbose?: boolean
}

const pageSize = 500

export function addMailCommands(mail: Command, call: Call): void {
  mail
    .command('status')
    .description('list the mails that wait or were given up; nothing of what they say is stored')
    .option('--json', 'print NDJSON, one mail a line')
    .action((_: unknown, command: Command) => status(call, command.optsWithGlobals()))

  mail
    .command('retry [id]')
    .description('try failed mails again now: one, or all that are not too old')
    .option('--json', 'print {"mails_due": …} as one JSON document')
    .action((id: string | undefined, _: unknown, command: Command) => retry(call, id, command.optsWithGlobals()))
}

async function status(call: Call, options: MailOptions) {
  await withDomain(call, options, async ({ stores: { mails } }) => {
    await printRows(call, pages(mails), options)
    const { count, oldestSeconds } = await mails.waiting()
    say(call, count === 0 ? 'no mail is waiting' : `${count} waiting, the oldest for ${oldestSeconds} seconds`)
  })
}

async function* pages(mails: MailStore) {
  const all = everyPage<ListedMail, string>(after =>
    readPage(
      pageSize,
      limit => mails.listUnsent({ limit, after }),
      ({ id }) => id,
    ),
  )
  for await (const page of all) yield page.map(itemOf)
}

async function retry(call: Call, id: string | undefined, options: MailOptions) {
  await withDomain(call, options, async ({ stores }) => {
    const due = await stores.mails.retry(id)
    if (id !== undefined && due === 0) throw new Error('there is no such mail that failed and is not too old')
    await printRow(call, { mails_due: due }, options)
  })
}

function itemOf({ id, purpose, address, createdAt, expiresAt, dueAt, tries, failure }: ListedMail) {
  return {
    id,
    purpose,
    to: address,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
    next_try_at: dueAt === null ? null : isoTime(dueAt),
    tries,
    failure,
  }
}
