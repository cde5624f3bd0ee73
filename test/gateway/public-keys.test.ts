/** Signet's public keys as HAProxy reads them: the command that writes them, run in this process. No gateway is needed. */
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, exportSPKI, generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import { root } from '../helpers/places.ts'
import { temporaryFolder } from '../helpers/process.ts'

const pairs = await Promise.all(Array.from({ length: 4 }, () => generateKeyPair('ES256', { extractable: true })))
const keys = await Promise.all(pairs.map(({ publicKey }) => exportJWK(publicKey)))
const pems = await Promise.all(pairs.map(({ publicKey }) => exportSPKI(publicKey)))
const files = ['1.pem', '2.pem', '3.pem']
let runs = 0

/** @param given by the path that it is asked for; what is not given is never answered */
async function startIssuer(t: Test, given: Record<string, { status?: number; location?: string; keys?: unknown[] }>) {
  const server = createServer(({ url = '' }, response) => {
    const { status = 200, location, keys } = given[url] ?? {}
    if (given[url]) response.writeHead(status, location ? { location } : {}).end(JSON.stringify({ keys }))
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close().closeAllConnections())
  const folder = await temporaryFolder(t)
  /** Of these three files, without a line's end too many. */
  const written = () => files.map(file => readFileSync(join(folder, file), 'utf8').trim())
  async function write(path: string): Promise<void> {
    const { argv } = process
    process.argv = [...argv.slice(0, 2), `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, folder]
    await import(`${join(root, 'deploy', 'haproxy', 'jwks-to-pem.mjs')}?${runs++}`).finally(() => {
      process.argv = argv
    })
  }
  return { folder, written, write }
}

t.test('each key that is published has a place, and the first those that are left', async t => {
  const published = Object.fromEntries([1, 2, 3].map(count => [`/${count}`, { keys: keys.slice(0, count) }]))
  const { folder, written, write } = await startIssuer(t, published)
  const [a = '', b = '', c = ''] = pems.map(pem => pem.trim())
  for (const [path, are] of [
    ['/1', [a, a, a]],
    ['/2', [a, b, a]],
    ['/3', [a, b, c]],
  ] as const) {
    await write(path)
    t.strictSame(written(), are, path)
  }
  t.strictSame(readdirSync(folder).sort(), files, 'and nothing else is left')
})

t.test('whoever reads a file while it is written reads the former one to its end', async t => {
  const { folder, write } = await startIssuer(t, {
    '/old': { keys: keys.slice(0, 1) },
    '/new': { keys: keys.slice(1, 2) },
  })
  await write('/old')
  const open = files.map(file => openSync(join(folder, file), 'r'))
  await write('/new')
  for (const file of open) {
    t.equal(readFileSync(file, 'utf8').trim(), pems[0]?.trim())
    closeSync(file)
  }
})

t.test('what is no list of one to three keys changes nothing, and says why', async t => {
  const { written, write } = await startIssuer(t, {
    '/good': { keys: keys.slice(0, 2) },
    '/more': { keys },
    '/none': { keys: [] },
    '/away': { status: 503, keys: keys.slice(2) },
    '/moved': { status: 302, location: '/elsewhere' },
    '/elsewhere': { keys: keys.slice(2) },
    '/odd': { keys: [keys[2], { kty: 'oct', k: 'c2VjcmV0' }] },
  })
  await write('/good')
  const before = written()
  for (const [path, message] of Object.entries({
    '/more': /4 keys are more than/,
    '/none': /publishes no key/,
    '/away': /answered 503/,
    '/moved': /fetch failed/,
    '/odd': /./,
  })) {
    await t.rejects(write(path), { message }, path)
    t.strictSame(written(), before, path)
  }
})

t.test('an answer that does not come is not waited for longer than 10 s', { timeout: 20_000 }, async t => {
  const { write } = await startIssuer(t, {})
  const { timeout } = AbortSignal
  t.teardown(() => {
    AbortSignal.timeout = timeout
  })
  const limits: number[] = []
  AbortSignal.timeout = milliseconds => {
    limits.push(milliseconds)
    return timeout.call(AbortSignal, milliseconds / 1000)
  }
  await t.rejects(write('/'), { name: 'TimeoutError' })
  t.strictSame(limits, [10_000])
})
