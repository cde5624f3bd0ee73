/** What goes out, and what every way out promises. */
import type { MailPurpose } from '../stores/stores.ts'
import type { MailTexts } from './templates.ts'

export interface Message extends MailTexts {
  /** The same at every try, so that whoever gets it twice can tell. */
  readonly id: string
  readonly to: string
  readonly purpose: MailPurpose
  readonly language: string
  /** When it was written, in epoch seconds. */
  readonly at: number
}

export interface Transport {
  /** @throws {DeliveryError} */
  send(message: Message, signal: AbortSignal): Promise<void>
}

/** Why a mail did not go out, in words that hold nothing of the mail. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  /** Whether it would be so at the next try, too. */
  readonly isFinal: boolean

  constructor(reason: string, isFinal: boolean, cause?: unknown) {
    super(reason, { cause })
    this.isFinal = isFinal
  }
}
