/**
 * Asks the service that runs with this environment.
 * @returns whether it answered 200 within three seconds; otherwise why not is on standard error
 */
export async function healthcheck(
  env: Readonly<Record<string, string | undefined>>,
  question: 'live' | 'ready',
): Promise<boolean> {
  const url = `http://${connectable(env['HOST'] || '127.0.0.1')}:${env['PORT'] || 3000}/health/${question}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
    if (!response.ok) process.stderr.write(`signet: ${url} answered ${response.status}\n`)
    return response.ok
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error }
    process.stderr.write(`signet: ${url} did not answer: ${cause?.message || message}\n`)
    return false
  }
}

/** An address to connect to, for one that listens everywhere. */
function connectable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
