/** `POST /login`: how much of what the cores can hash arrives as logins. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PasswordScheme } from '../../src/passwords/password-policy.ts'
import { coreCount } from '../run/cores.ts'
import { measureHashCeiling } from '../run/hash-ceiling.ts'
import { call, saturate } from '../run/saturate.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { atLeast, ratios } from '../run/statistics.ts'
import type { Measurement, Scenario } from '../scenario.ts'

export const demoLogin = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'thirdy', password: 'demo123' }),
} as const

export const login: Scenario = {
  name: 'login',
  title: '`POST /login` against cores ÷ one hash',
  inQuick: true,
  async run({ quick, folder, rounds, seconds }) {
    const bcryptCost = quick ? 10 : 12 // the default takes longer than a quick round
    const schemes: readonly PasswordScheme[] = quick ? ['bcrypt'] : ['bcrypt', 'argon2id']
    const starts = schemes.map(PASSWORD_HASH =>
      startSignet(signetEnvironment(folder, { PASSWORD_HASH, BCRYPT_COST: String(bcryptCost) }), { cores: 'all' }),
    )
    return withServers(starts, async servers => {
      const values = new Map<string, number[]>()
      const note = (who: string, value: number) => values.set(who, [...(values.get(who) ?? []), value])
      for (const server of servers) {
        const logins = saturate(agent => call(agent, { ...demoLogin, url: `${server.url}/login` }), coreCount + 4) // for the compiler; not counted
        await sleep(seconds * 1000)
        await logins.stop()
      }
      for (let round = 0; round < (quick ? 1 : Math.min(rounds, 3)); round++) {
        for (const [i, scheme] of schemes.entries()) {
          const url = `${servers[i]?.url}/login`
          // The ceiling before and after: a neighbour of this machine must not make us look good or bad.
          const before = await measureHashCeiling({ scheme, bcryptCost }, coreCount, seconds)
          const logins = saturate(agent => call(agent, { ...demoLogin, url }), coreCount + 4)
          await sleep(2 * seconds * 1000)
          const { perSecond } = await logins.stop()
          const after = await measureHashCeiling({ scheme, bcryptCost }, coreCount, seconds)
          note(`${scheme}: cores ÷ one hash`, (before.byArithmetic + after.byArithmetic) / 2)
          note(`${scheme}: all cores hashing, no service`, (before.together + after.together) / 2)
          note(`${scheme}: logins`, perSecond)
        }
      }
      const measurements: Measurement[] = [...values].map(([who, of]) => ({ who, values: of }))
      const judgements = schemes.map(scheme => {
        const share = ratios(measurements, `${scheme}: logins`, `${scheme}: cores ÷ one hash`)
        return atLeast(`\`POST /login\`, ${scheme}`, 0.95, share, 'cores ÷ one hash')
      })
      const notes = [
        `bcrypt cost ${bcryptCost}; argon2id as the service makes it. One hash is timed alone, before and after each round.`,
        'All cores together may do less than cores × one: shared clocks and caches, and neighbours. That is the third line.',
      ]
      return { unit: 'per second', measurements, judgements, notes }
    })
  },
}
