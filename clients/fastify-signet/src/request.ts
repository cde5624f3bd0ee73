/** Requests to Signet. Whatever fails is one kind of failure: Signet cannot be asked now. */

const mostMilliseconds = 5_000

/**
 * @param stop ends the request when the service does
 * @throws {Error} for a broken network, a time-out, or a status other than 200, 304 and 410
 */
export async function ask(url: string, stop: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(mostMilliseconds)])
  const response = await fetch(url, { headers: { accept: 'application/json', ...headers }, signal, redirect: 'error' })
  if (![200, 304, 410].includes(response.status)) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  return response
}

/** Tells of a trouble when it begins and when it is over, however often it is met. */
export function createTrouble(
  log: { error(fields: object, text: string): void; info(text: string): void },
  what: string,
) {
  let last: string | undefined
  return {
    met(error: Error): void {
      const text = `${error.message}: ${String(error.cause ?? '')}`
      if (text !== last) log.error({ err: error }, `${what} failed`)
      last = text
    },
    over(): void {
      if (last !== undefined) log.info(`${what} works again`)
      last = undefined
    },
  }
}
