/** Mail as a signed request (Standard Webhooks 1.0): whoever gets it sends the mail, by whatever service. */
import { createHmac } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { WebhookSettings } from '../config/mail-settings.ts'
import { DeliveryError, type Transport } from './transport.ts'

export function createWebhook({ url, key }: WebhookSettings, clock: Clock): Transport {
  return {
    async send({ id, to, subject, text, html, purpose, language, at }, signal) {
      const data = { to, subject, text, html, purpose, language }
      const body = JSON.stringify({ type: 'mail', timestamp: new Date(at * 1000).toISOString(), data })
      const messageId = `msg_${id}`
      const timestamp = String(clock())
      const signature = createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')
      const headers = {
        'content-type': 'application/json',
        'webhook-id': messageId,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      // A redirect would carry the links of a mail to whoever it names.
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }).catch(cause => {
        throw new DeliveryError(`no answer (${cause.cause?.code ?? cause.name})`, false)
      })
      await response.body?.cancel()
      if (!response.ok) throw new DeliveryError(`status ${response.status}`, false)
    },
  }
}
