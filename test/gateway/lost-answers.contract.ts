/** A request that one instance does not answer goes to the other one: a refresh and a login may be sent again. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { ask, startGateway } from '../helpers/gateways.ts'
import { bearer, type Setup } from './setup.ts'

/** The answer is lost. */
export async function sendsAgain(t: Test, setup: Setup): Promise<void> {
  const { url, asked } = await besideOneThat(t, setup, ({ socket }) => void socket.destroy())
  for (let i = 0; i < 6; i++) {
    const { body } = await ask(`${url}/refresh`, refresh)
    t.match(JSON.parse(body), { code: 'invalid_token' }, 'that is what Signet says')
  }
  t.ok(asked() > 0, `${asked()} were lost`)
}

/** The answer is 503: nothing has happened, and the other instance may know who is asking. */
export async function asksWhoKnows(t: Test, setup: Setup): Promise<void> {
  const { access_token: token } = await setup.logIn()
  for (const path of ['/orders', '/admin/users', '/me', '/refresh']) {
    const { url, asked } = await besideOneThat(t, setup, (_, response) => void response.writeHead(503).end())
    for (let i = 0; i < 4; i++) {
      const { status } = await ask(url + path, path === '/refresh' ? refresh : { headers: bearer(token) })
      t.equal(status, { '/admin/users': 403, '/refresh': 401 }[path] ?? 200, path)
    }
    t.ok(asked() > 0, path)
  }
}

const refresh = { method: 'POST', headers: ['Content-Type', 'application/json'], body: '{"refresh_token":"x"}' }

/** A gateway in front of Signet and of an instance that is ready, and does this. */
async function besideOneThat(t: Test, { name, signet, publicUrl, app }: Setup, act: RequestListener) {
  let count = 0
  const breaking = createServer((request, response) => {
    if (request.url === '/health/ready') return void response.end()
    count++
    act(request, response)
  })
  await new Promise<void>(resolve => void breaking.listen(0, '127.0.0.1', resolve))
  t.teardown(() => breaking.close())
  const { port } = breaking.address() as AddressInfo
  const gateway = await startGateway(t, name, { signets: [signet.port, port], app, publicUrl, algorithm: 'ES256' })
  count = 0
  return { url: gateway.url, asked: () => count }
}
