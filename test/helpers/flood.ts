/**
 * A process of its own that floods a server with logins until it is told to stop, and then says what it saw; on the other
 * stream, when it is refused for the first time. On its own, because a probe that shares an event loop with thirty flooders
 * measures itself.
 */
import { postJson } from './process.ts'

const [url = '', clients = '30'] = process.argv.slice(2)
const seen: { status: number; ms: number }[] = []
let over = false
process.once('SIGTERM', () => {
  over = true
})

await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    while (!over) {
      const startedAt = performance.now()
      const { status } = await postJson(`${url}/login`, { username: 'thirdy', password: 'demo123' })
      if (status === 503 && !seen.some(one => one.status === 503)) process.stderr.write('refused\n')
      seen.push({ status, ms: performance.now() - startedAt })
      if (status === 503) await new Promise(resolve => setTimeout(resolve, 100))
    }
  }),
)
process.stdout.write(JSON.stringify(seen))
