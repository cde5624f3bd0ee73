/** From spawn to the first answer, as a container's restart or a deployment feels it. */
import { startServer } from '../run/processes.ts'
import { type Environment, signetArguments, signetEnvironment } from '../run/signet.ts'
import { atMost, ratios } from '../run/statistics.ts'
import type { Measurement, Scenario } from '../scenario.ts'

const ours = 'Signet'
const bare = 'bare Fastify, from its source'

export const start: Scenario = {
  name: 'start',
  title: 'Start to first answer',
  inQuick: false,
  async run({ folder, rounds }) {
    const env = signetEnvironment(folder)
    const starts: Record<string, () => Promise<{ startMilliseconds: number; stop(): Promise<void> }>> = {
      [bare]: () =>
        startServer({ args: ['bench/servers/bare-fastify.ts'], cores: 'all', probed: false, readyPath: '/me' }),
      [ours]: () => startUnprobed(env),
      'Signet with Swagger UI': () => startUnprobed({ ...env, DOCS: 'true' }),
      'Signet, first start ever, two users to hash': () => startUnprobed(signetEnvironment(folder)),
    }
    const measurements: Measurement[] = Object.keys(starts).map(who => ({ who, values: [] }))
    for (let round = 0; round <= rounds; round++) {
      for (const { who, values } of measurements) {
        const server = await starts[who]?.()
        await server?.stop()
        if (round > 0) (values as number[]).push(server?.startMilliseconds ?? Number.NaN) // the first fills caches
      }
    }
    const times = ratios(measurements, ours, bare)
    const notes = ['`GET /health/live`, asked every millisecond. Files are in the page cache, as after a pull.']
    return { unit: 'ms', measurements, judgements: [atMost('start to first answer', 1.6, `× ${bare}`, times)], notes }
  },
}

function startUnprobed(env: Environment) {
  return startServer({ args: signetArguments, env, cores: 'all', probed: false })
}
