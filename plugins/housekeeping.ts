/** What happens by itself while the service runs: the polls, and deleting what has ended. */
import fp from 'fastify-plugin'
import { asThrown } from '../src/base/thrown.ts'
import { deleteEnded } from '../src/sessions/housekeeping.ts'

export default fp(
  async app => {
    const timers = new Set<NodeJS.Timeout>()
    let closed = false

    app.addHook('onReady', async () => {
      if (!app.background) return
      every(1_000, 'revocation poll', async () => {
        await app.open() // when the database was away at the start
        await app.revocations.poll()
      })
      every(1_000, 'key ring poll', () => app.keys.sync())
      if (app.mailing) every(1_000, 'mail poll', async () => app.mailer?.worker.poll())
      every(60_000, 'housekeeping', () => deleteEnded(app.stores, app.revocations.clocks, () => closed))
      every(60_000, 'looking at stored hashes', () => app.standIns.refresh()) // it does nothing within the hour
    })
    app.addHook('preClose', async () => {
      closed = true
      for (const timer of timers) clearTimeout(timer)
    })

    /**
     * The next run starts after this one has finished, so a slow database is never asked twice at once. An outage is one
     * line when it begins and one when it is over.
     */
    function every(milliseconds: number, what: string, act: () => Promise<unknown>, failure?: string): void {
      const timer = setTimeout(async () => {
        timers.delete(timer)
        const error = await failureOf(act)
        if (closed) return
        if (error && error.message !== failure) app.log.error({ err: error }, `${what} failed`)
        if (!error && failure !== undefined) app.log.info(`${what} works again`)
        every(milliseconds, what, act, error?.message)
      }, milliseconds).unref()
      timers.add(timer)
    }
  },
  { name: 'housekeeping', dependencies: ['services'] },
)

async function failureOf(act: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await act()
    return undefined
  } catch (error) {
    return asThrown(error)
  }
}
