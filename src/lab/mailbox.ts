/** What the instances have mailed, as their owner's mailbox has it. It stays when an instance ends, whose own is gone then. */
import type { FastifyInstance } from 'fastify'

export interface Letter {
  readonly id: string
  /** When it was sent, in epoch seconds. */
  readonly at: number
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Mailbox {
  /** Sends what waits in the outbox, and takes it in. @returns all there is, oldest first */
  collect(app: FastifyInstance): Promise<readonly Letter[]>
}

export function createMailbox(): Mailbox {
  const letters = new Map<string, Letter>()
  return {
    async collect(app) {
      await app.mailer?.worker.drain()
      for (const { id, to, subject, text } of app.mailing?.mailbox ?? []) {
        if (!letters.has(id)) letters.set(id, { id, at: app.clock(), to, subject, text })
      }
      return [...letters.values()]
    },
  }
}
