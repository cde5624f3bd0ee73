/** Expressions in a gateway's configuration see hostile text: none may cost more than its length. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { ask } from '../helpers/gateways.ts'
import { measuredAgain } from '../helpers/measured-again.ts'
import { bearer, type Setup } from './setup.ts'

const shapes: Record<string, (length: number) => string> = {
  blanks: length => `a${' '.repeat(length - 2)}b`,
  tabs: length => `a${'\t'.repeat(length - 2)}b`,
  semicolons: length => `${';'.repeat(length - 1)}b`,
  'semicolons and blanks': length => `a${'; '.repeat(length / 2 - 1)}b`,
  'blanks at the end of a cookie': length => `a=1;${' '.repeat(length - 5)}b`,
  "beginnings of Signet's own": length => '; __Host-signet'.repeat(length / 15),
  "Signet's own": length => '; __Host-signet_x'.repeat(length / 17),
  'every other one': length => 'a; __Host-signet_x; '.repeat(length / 20),
}

export async function costsNoMoreThanItsLength(t: Test, { gateway, url, logIn }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const requests = 12
  for (const [shape, make] of Object.entries(shapes)) {
    const measure = async () => {
      const before = processorTime(gateway.pid)
      for (let i = 0; i < requests; i++) {
        const { status } = await ask(`${url}/orders`, { headers: [...bearer(token), 'Cookie', make(6000)] })
        t.ok(status === 200 || status === 401, `${shape}: ${status}`)
      }
      return (processorTime(gateway.pid) - before) / requests
    }
    const milliseconds = await measuredAgain(measure, taken => taken < 8)
    t.ok(milliseconds < 8, `${shape}: ${milliseconds} ms a request`)
  }
}

/** Milliseconds of processor time of a process and its children so far. */
function processorTime(pid: number): number {
  let ticks = 0
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      // The name of the program, in brackets, may hold anything.
      const fields = readFileSync(`/proc/${entry}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      const isOurs = Number(entry) === pid || Number(fields[1]) === pid
      if (isOurs) ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // A process that has just ended.
    }
  }
  return ticks * 10
}
