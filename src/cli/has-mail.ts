/** Whether there is a service that sends what a command writes. */
import type { Environment } from './call.ts'

export function hasMail(env: Environment): boolean {
  const names = ['SMTP_URL', 'MAIL_WEBHOOK_URL'].flatMap(name => [name, `${name}_FILE`])
  return names.some(name => env[name])
}
