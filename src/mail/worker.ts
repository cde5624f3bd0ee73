/**
 * Sends what is in the outbox. Any number of instances may: a mail is claimed by lease, sent with nothing of the database
 * held, and noted. A crash in between means a second try, with the same Message-ID.
 */
import type { Audit } from '../base/audit.ts'
import type { MailSettings } from '../config/mail-settings.ts'
import { findUser } from '../login/find-user.ts'
import { spellingsOf } from '../names/email.ts'
import type { Mail, MailStore, User, UserStore } from '../stores/stores.ts'
import { isDeliverable } from './deliverable.ts'
import type { MailLinks } from './links.ts'
import { isForAnyAddress, isLinkPurpose, mostAnHour, type TemplateName } from './purposes.ts'
import type { MailTemplates } from './templates.ts'
import { DeliveryError, type Transport } from './transport.ts'
import type { TypedNames } from './typed-name.ts'

export interface MailWorker {
  /** Sends what is due, but for what takes long, which goes on beside it. */
  poll(): Promise<void>
  /** Sends what is due until nothing is: for tests and commands. */
  drain(): Promise<void>
  /** Waits a moment for what is being sent, and breaks off the rest; it is sent again when its lease is over. */
  close(): Promise<void>
}

const mostAtOnce = 10
const trySeconds = 60
/** Longer than a try may take, so that nobody sends what somebody is still sending. */
const leaseSeconds = 2 * trySeconds
const closeMilliseconds = 2_000
const aheadMilliseconds = 1_000

/** Seconds until the next try: half a minute, then twice as long each time, up to an hour. */
export function retryAfter(tries: number): number {
  return Math.min(30 * 2 ** (tries - 1), 3600)
}

export function createMailWorker(dependencies: {
  mails: MailStore
  users: Pick<UserStore, 'findById' | 'findByEmail' | 'findByUsername'>
  /** Whether one more mail that anybody can ask for may go to this address now; counts it. */
  mayWriteTo: (address: string) => Promise<boolean>
  transport: Transport
  templates: MailTemplates
  links: MailLinks
  typedNames: TypedNames
  settings: Pick<MailSettings, 'resetUrl' | 'verifyUrl'>
  /** What mails call the service. */
  service: string
  audit: Audit
  log: Record<'warn' | 'error', (fields: object, message: string) => void>
}): MailWorker {
  const { mails, users, mayWriteTo, transport, templates, links, typedNames, settings, service, audit, log } =
    dependencies
  const sending = new Set<Promise<void>>()
  const stop = new AbortController()

  /**
   * One after the other, so that a crash can leave one mail sent and not noted, and no more. Who keeps us waiting for a second
   * is left waiting, and the next one goes ahead.
   * @returns how many were begun
   */
  async function poll(): Promise<number> {
    for (let begun = 0; ; begun++) {
      const [mail] = sending.size < mostAtOnce && !stop.signal.aborted ? await mails.claim(1, leaseSeconds) : []
      if (!mail) return begun
      const act: Promise<void> = handle(mail)
        .catch(error => log.error({ err: error, mail: mail.id }, 'a mail could not be dealt with'))
        .finally(() => sending.delete(act))
      sending.add(act)
      await forAWhile(act)
    }
  }

  async function handle(claimed: Mail): Promise<void> {
    const mail = claimed.purpose === 'forgot' ? await lookUp(claimed) : claimed
    const message = mail && (await compose(mail))
    if (!message || (await isFlood(mail))) return mail && mails.sent(mail.id) // nobody is left to tell, or nothing
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(trySeconds * 1000)])
    try {
      await transport.send(message, signal)
    } catch (error) {
      return note(mail, error instanceof DeliveryError ? error : new DeliveryError((error as Error).name, false))
    }
    await mails.sent(mail.id)
  }

  /** At the first try: who is away for a while is not written to less often for it. */
  async function isFlood({ id, purpose, address, tries }: Mail): Promise<boolean> {
    if (!isForAnyAddress(purpose) || address === null || tries > 1 || (await mayWriteTo(address))) return false
    log.warn({ mail: id, purpose }, 'a mail was dropped: its address had enough of the kind within the hour')
    return true
  }

  async function note(mail: Mail, { message, isFinal }: DeliveryError): Promise<void> {
    if (stop.signal.aborted) return // broken off: the lease ends by itself
    await mails.failed(mail.id, message, isFinal ? null : retryAfter(mail.tries))
    const about = { mail: mail.id, purpose: mail.purpose, tries: mail.tries, reason: message }
    log.warn(about, isFinal ? 'a mail was refused for good' : 'a mail could not be sent now')
    if (isFinal) audit({ event: 'mail.refused', ...(mail.userId !== null && { sub: mail.userId }) })
  }

  /** Who is meant by what was typed: an enabled user with an address that is proven; nobody else hears of it. */
  async function lookUp(mail: Mail): Promise<Mail | undefined> {
    const typed = mail.typed === null ? undefined : typedNames.open(mail.typed, mail.id)
    const user = typed === undefined ? undefined : await findUser(users, typed)
    const address = user && !user.disabled && user.emailVerified ? user.email : null
    const found = user && address !== null && isDeliverable(address) ? { userId: user.userId, address } : undefined
    if (!(await mails.lookedUp(mail.id, found, mostAnHour)) || !found) return undefined
    return { ...mail, ...found, purpose: 'reset', typed: null }
  }

  async function compose(mail: Mail) {
    const { id, address, language, createdAt: at } = mail
    const user = mail.userId === null ? undefined : await users.findById(mail.userId)
    if (address === null || !isDeliverable(address) || (mail.userId !== null && !user)) return undefined
    const purpose = (await isSomebodyElses(mail)) ? 'registered_already' : (mail.purpose as TemplateName)
    const texts = templates.render(purpose, language, { service, link: linkOf(purpose, mail, user) })
    return { id, to: address, purpose, language, at, ...texts }
  }

  /** Whoever has proven an address is told that somebody gave it, and the one who gave it is told nothing. */
  async function isSomebodyElses({ purpose, userId, address }: Mail): Promise<boolean> {
    if (purpose !== 'verify' && purpose !== 'register' && purpose !== 'change') return false
    const holder = await users.findByEmail(...spellingsOf(address ?? ''))
    return holder !== undefined && holder.userId !== userId
  }

  function linkOf(purpose: TemplateName, mail: Mail, user: User | undefined): string | undefined {
    if (!isLinkPurpose(purpose)) return undefined
    const page = purpose === 'reset' || purpose === 'invite' ? settings.resetUrl : settings.verifyUrl
    return `${page}#token=${links.tokenOf(mail, user)}`
  }

  return {
    poll: async () => void (await poll()),
    async drain() {
      while ((await poll()) > 0 || sending.size > 0) await Promise.all(sending)
    },
    async close() {
      const over = setTimeout(() => stop.abort(), closeMilliseconds)
      await Promise.all(sending)
      clearTimeout(over)
      stop.abort()
    },
  }
}

async function forAWhile(act: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, aheadMilliseconds).unref()
  })
  await Promise.race([act, over])
  clearTimeout(timer)
}
