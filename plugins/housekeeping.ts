/** What happens by itself while the service runs: the revocation poll, and deleting what has ended. */
import { setImmediate as turn } from 'node:timers/promises'
import fp from 'fastify-plugin'

const batch = 500

export default fp(
  async app => {
    const { config, stores, revocations, keys } = app
    const keepSeconds = config.accessTokenSeconds + 60
    const timers = new Set<NodeJS.Timeout>()
    let closed = false

    app.addHook('onReady', async () => {
      await revocations.poll()
      if (!app.background) return
      every(1_000, 'revocation poll', revocations.poll)
      every(1_000, 'key ring poll', keys.sync)
      every(60_000, 'housekeeping', deleteEnded)
    })
    app.addHook('preClose', async () => {
      closed = true
      for (const timer of timers) clearTimeout(timer)
    })

    async function deleteEnded(): Promise<void> {
      const { sessions, limits, attempts } = stores
      const removals = [
        () => sessions.deleteEnded(keepSeconds, batch),
        () => limits.deleteEnded(batch),
        () => attempts.deleteEnded(batch),
      ]
      for (const remove of removals) {
        while (!closed && (await remove()) === batch) await turn() // small batches: requests run in between
      }
    }

    /** The next run starts after this one has finished, so a slow database is never asked twice at once. */
    function every(milliseconds: number, what: string, act: () => Promise<unknown>): void {
      const timer = setTimeout(async () => {
        timers.delete(timer)
        try {
          await act()
        } catch (error) {
          if (!closed) app.log.error({ err: error }, `${what} failed`)
        }
        if (!closed) every(milliseconds, what, act)
      }, milliseconds).unref()
      timers.add(timer)
    }
  },
  { name: 'housekeeping', dependencies: ['services'] },
)
