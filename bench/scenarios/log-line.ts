/** What the log line of a request costs, and where it goes: Signet and a bare route, with it and without. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { compare } from '../run/compare.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import type { Scenario } from '../scenario.ts'

export const logLine: Scenario = {
  name: 'log-line',
  title: 'The log line: `GET /me`, tokens seen before',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const env = signetEnvironment(folder)
    const tokens = await mintAccessTokens(env, 1000)
    const file = openSync(join(folder, 'signet.log'), 'a')
    const silent = { ...env, LOG_LEVEL: 'warn' }
    try {
      const starts = [
        startBareFastify('silent'),
        startBareFastify('info'),
        startSignet(silent),
        startSignet(env),
        startSignet(env, { output: file }),
        startSignet(env, { output: 'pipe' }),
      ]
      return await withServers(starts, async servers => {
        const names = [
          `${bareFastify}, no logger`,
          `${bareFastify}, info`,
          'Signet, warn',
          'Signet, info',
          'Signet, info to a file',
          'Signet, info to a pipe',
        ]
        const measurements = await compare(
          servers.map((server, i) => getWithTokens(names[i] ?? '', server, '/me', tokens)),
          { rounds, seconds },
        )
        const notes = ['Nothing is judged here. A pipe is what a container has; its reader was the load generator.']
        return { unit: 'req/s', measurements, against: `${bareFastify}, no logger`, judgements: [], notes }
      })
    } finally {
      closeSync(file)
    }
  },
}
