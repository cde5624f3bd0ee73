/** A request whose answer was lost goes to the other instance: a refresh and a login may be sent again. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { ask, startGateway } from '../helpers/gateways.ts'
import type { Setup } from './setup.ts'

export async function sendsAgain(t: Test, { name, signet, publicUrl }: Setup): Promise<void> {
  let lost = 0
  const breaking = createServer(({ url, socket }, response) => {
    if (url === '/health/ready') return void response.end()
    lost++
    socket.destroy()
  })
  await new Promise<void>(resolve => void breaking.listen(0, '127.0.0.1', resolve))
  t.teardown(() => breaking.close())
  const { port } = breaking.address() as AddressInfo
  const gateway = await startGateway(t, name, {
    signets: [signet.port, port],
    app: port,
    publicUrl,
    algorithm: 'ES256',
  })

  lost = 0
  const request = { method: 'POST', headers: ['Content-Type', 'application/json'], body: '{"refresh_token":"x"}' }
  for (let i = 0; i < 6; i++) {
    const { body } = await ask(`${gateway.url}/refresh`, request)
    t.match(JSON.parse(body), { code: 'invalid_token' }, 'that is what Signet says')
  }
  t.ok(lost > 0, `${lost} were lost`)
}
