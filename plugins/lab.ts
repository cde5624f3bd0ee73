/** The lab (if LAB is on). Otherwise nothing of it is even loaded. */
import fp from 'fastify-plugin'
import type { Lab } from '../src/lab/lab.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly lab: Lab | undefined
  }
}

export default fp(
  async app => {
    const { config, buildApp, clock, log } = app
    if (!config.lab) return void app.decorate('lab', undefined)

    const { createLab } = await import('../src/lab/lab.ts')
    const onLogLine = (line: string) => log.error({ line: line.trim() }, 'an instance of the lab')
    const lab = createLab({ buildApp, publicUrl: config.publicUrl, now: clock(), onLogLine })
    app.decorate('lab', lab)
    // So that the page does not wait for it; what went wrong is told to whoever asks next.
    app.addHook('onListen', () => void lab.snapshot().catch(() => {}))
    app.addHook('onClose', () => lab.close())
  },
  { name: 'lab' },
)
