/** What an authenticator app shows: the code of this half minute, and how long it is the one. */
import { useEffect, useState } from 'preact/hooks'
import type { AuthenticatorApp } from '../model/owner.ts'
import { codeAt, stepAt, stepSeconds } from '../model/totp.ts'

/** The code of the present step and the next one; undefined until they are computed. */
export function useCodes({ secret }: AuthenticatorApp, now: number): readonly string[] | undefined {
  const [codes, show] = useState<readonly string[]>()
  const step = stepAt(now)
  useEffect(() => {
    let isOver = false
    void Promise.all([step, step + 1].map(one => codeAt(secret, one))).then(both => isOver || show(both))
    return () => {
      isOver = true
    }
  }, [secret, step])
  return codes
}

/** As apps write it, in two groups. */
export const grouped = (code = '') => `${code.slice(0, 3)} ${code.slice(3)}`

export function TimeLeft({ now }: { now: number }) {
  const left = stepSeconds - (now % stepSeconds)
  return (
    <span class="left">
      <span class="bar" aria-hidden="true">
        <i style={{ inlineSize: `${(left / stepSeconds) * 100}%` }} />
      </span>
      <span class="span">{left} s</span>
    </span>
  )
}
