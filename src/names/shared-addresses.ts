/**
 * Addresses of before were stored as they were written. Two users whose addresses are one by now each still log in with
 * their own spelling, and are never made one: whoever runs the service has to know, and decide.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { UserStore } from '../stores/stores.ts'
import { canonicalEmail } from './email.ts'

const pageSize = 1000

/** One line of the log for each two, by their ids. */
export async function reportSharedAddresses(
  users: Pick<UserStore, 'listEmails' | 'findByEmail'>,
  log: Record<'warn' | 'debug', (fields: object, message: string) => void>,
): Promise<void> {
  const message = 'two users have one e-mail address in two spellings: give one of them another'
  try {
    for await (const shared of sharedAddresses(users)) log.warn({ users: shared }, message)
  } catch (error) {
    log.debug({ err: error }, 'the search for shared e-mail addresses ended early')
  }
}

async function* sharedAddresses(users: Parameters<typeof reportSharedAddresses>[0]) {
  const seen = new Map<string, string>()
  let after = ''
  for (;;) {
    const page = await users.listEmails(after, pageSize)
    for (const { userId, email } of page) {
      const canonical = canonicalEmail(email)
      if (!canonical || canonical === email) continue
      const holder = seen.get(canonical) ?? (await users.findByEmail(canonical))?.userId
      if (holder) yield [holder, userId]
      else seen.set(canonical, userId)
    }
    if (page.length < pageSize) return
    after = page.at(-1)?.email ?? ''
    await turn()
  }
}
