import { asThrown } from '../base/thrown.ts'
import { type Call, say } from './call.ts'

/**
 * Asks the service that runs with this environment.
 * @returns whether it answered 200 within three seconds; otherwise why not is on standard error
 */
export async function healthcheck(call: Pick<Call, 'env' | 'stderr'>, question: 'live' | 'ready'): Promise<boolean> {
  const { env } = call
  const url = `http://${connectable(env['HOST'] || '127.0.0.1')}:${env['PORT'] || 3000}/health/${question}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
    if (!response.ok) say(call, `${url} answered ${response.status}`)
    return response.ok
  } catch (error) {
    const { message, cause } = asThrown(error)
    say(call, `${url} did not answer: ${(cause && asThrown(cause).message) || message}`)
    return false
  }
}

/** An address to connect to, for one that listens everywhere. */
function connectable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
