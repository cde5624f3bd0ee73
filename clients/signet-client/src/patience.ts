import type { SignetError } from './signet-error.ts'
import type { Time } from './time.ts'

/**
 * Inside Signet's race window (30 s), so that sending a refresh token again costs none of the session's few retries: an
 * answer that was lost is simply given again.
 */
const patienceMs = 25_000
const firstPauseMs = 300
const longestPauseMs = 5_000

/**
 * Tries for up to 25 s, with pauses that grow and differ between clients, what fails by network, time-out, 429 or 5xx.
 * What was learnt about pauses stays from one call to the next, so a busy page does not make a storm of an outage.
 * @returns a function that takes the act, which is told how many milliseconds are left, and throws its last error
 */
export function createPatience(time: Time) {
  let failures = 0
  let notBefore = 0
  let reason: SignetError | undefined

  return async <T>(act: (remainingMs: number) => Promise<T>): Promise<T> => {
    const giveUpAt = time.now() + patienceMs
    for (;;) {
      if (reason) {
        if (notBefore > giveUpAt) throw reason
        await time.sleep(notBefore - time.now())
      }
      try {
        const result = await act(giveUpAt - time.now())
        failures = 0
        reason = undefined
        return result
      } catch (error) {
        reason = error as SignetError
        const pause = Math.min(firstPauseMs * 2 ** failures++, longestPauseMs) * (0.5 + Math.random() / 2)
        notBefore = time.now() + Math.max(pause, (reason.retryAfterSeconds ?? 0) * 1000)
        if (!/^(0|429|5..)$/.test(String(reason.status))) throw reason
      }
    }
  }
}
