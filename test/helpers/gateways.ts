/** The gateways of `deploy/`, run for real: the shipped configuration, with the addresses of this test put into it. */
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { needs } from './needs.ts'
import { root } from './places.ts'
import { environment, freePort, temporaryFolder, waitUntil } from './process.ts'

const run = promisify(execFile)

export type GatewayName = 'nginx' | 'caddy' | 'haproxy'

export interface Addresses {
  /** Ports of the two Signet instances. */
  readonly signets: readonly [number, number]
  /** Port of the application that is protected. */
  readonly app: number
  readonly publicUrl: string
  readonly algorithm: 'ES256' | 'RS256'
  /** The path of `publicUrl`, if it has one. */
  readonly path?: string
  /** What everybody may have: for Caddy a list, for the others an expression. */
  readonly publicPaths?: string
  /** The port of the gateway itself; a free one when not given. */
  readonly port?: number
}

export interface RunningGateway {
  readonly url: string
  readonly port: number
  /** Its main process; the others are children of it. */
  readonly pid: number
  /** Where HAProxy reads public keys. */
  readonly keys: string
  signal(name: NodeJS.Signals): void
}

const programs = { nginx: '/usr/sbin/nginx', caddy: '/usr/bin/caddy', haproxy: '/usr/sbin/haproxy' } as const

/** Whether the gateway is installed; if not, the test has said so. */
export const hasGateway = (t: Test, name: GatewayName): boolean => needs(t, name, programs[name])

export async function startGateway(t: Test, name: GatewayName, addresses: Addresses): Promise<RunningGateway> {
  const folder = await temporaryFolder(t)
  const { port = await freePort() } = addresses
  const keys = join(folder, 'keys')
  await mkdir(keys)
  const { args, env } = await { nginx, caddy, haproxy }[name](folder, { ...addresses, port, keys })

  const child = spawn(programs[name], args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: environment(env) })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const ended = new Promise(resolve => child.once('exit', resolve))
  t.teardown(async () => {
    // Not SIGKILL, which would leave nginx's and HAProxy's workers behind.
    child.kill('SIGTERM')
    await ended
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntil(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${output}`)
    return (await fetch(`${url}${addresses.path ?? ''}/.well-known/jwks.json`)).ok
  })
  return { url, port, keys, pid: child.pid ?? 0, signal: signal => child.kill(signal) }
}

type Prepared = { args: string[]; env?: Record<string, string> }
type Settings = Addresses & { readonly port: number; readonly keys: string }

async function nginx(folder: string, settings: Settings): Promise<Prepared> {
  const site = await configuration('nginx/signet.conf', folder, settings, `listen ${settings.port};`)
  if (settings.path) {
    // What the file says to write.
    const text = await readFile(site, 'utf8')
    await writeFile(site, text.replace('location ~ "^/', `location ~ "^${settings.path}/`))
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    kind => `${kind}_temp_path ${folder}/${kind};`,
  )
  const lines = [
    'daemon off;',
    ...(process.getuid?.() === 0 ? ['user root;'] : []), // workers of another user could not enter the folder
    `pid ${folder}/nginx.pid;`,
    'error_log stderr warn;',
    'events {}',
    `http { access_log off; ${temporary.join(' ')} include ${site}; }`,
  ]
  await writeFile(join(folder, 'nginx.conf'), lines.join('\n'))
  return { args: ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')] }
}

async function caddy(folder: string, settings: Settings): Promise<Prepared> {
  const file = await configuration('caddy/Caddyfile', folder, settings)
  const { port, path: SIGNET_PATH = '', publicPaths: PUBLIC_PATHS } = settings
  const its = { SITE_ADDRESS: `:${port}`, SIGNET_PATH, ...(PUBLIC_PATHS && { PUBLIC_PATHS }) }
  const env = { ...its, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  return { args: ['run', '--adapter', 'caddyfile', '--config', file], env }
}

async function haproxy(folder: string, settings: Settings): Promise<Prepared> {
  const file = await configuration('haproxy/haproxy.cfg', folder, settings, `bind 127.0.0.1:${settings.port}`)
  await writePublicKeys(settings.signets[0], settings.keys, settings.path)
  const env = {
    SIGNET_KEYS: settings.keys,
    SIGNET_ISSUER: settings.publicUrl,
    SIGNET_AUDIENCE: settings.publicUrl,
    SIGNET_ALGORITHM: settings.algorithm,
    ...(settings.path && { SIGNET_PATH: settings.path }),
  }
  return { args: ['-W', '-db', '-f', file], env }
}

/** What the documentation says to run every five minutes. */
export async function writePublicKeys(signet: number, folder: string, path = ''): Promise<void> {
  const script = join(root, 'deploy', 'haproxy', 'jwks-to-pem.mjs')
  await run(process.execPath, [script, `http://127.0.0.1:${signet}${path}/.well-known/jwks.json`, folder], {
    env: environment(),
  })
}

async function configuration(path: string, folder: string, settings: Settings, listen = ''): Promise<string> {
  const { signets, app, publicPaths } = settings
  const addresses: [RegExp, string][] = [
    [/\bsignet-1:3000\b/g, `127.0.0.1:${signets[0]}`],
    [/\bsignet-2:3000\b/g, `127.0.0.1:${signets[1]}`],
    [/\bapp:8080\b/g, `127.0.0.1:${app}`],
  ]
  if (listen) addresses.push([/^ {4}(listen|bind) .*8080;?$/m, `    ${listen}`])
  if (publicPaths && !path.startsWith('caddy')) addresses.push([/\(nothing\)\$/, `(${publicPaths})$$`])
  let text = await readFile(join(root, 'deploy', path), 'utf8')
  for (const [from, to] of addresses) {
    if (!from.test(text)) throw new Error(`deploy/${path} has no ${from}`)
    text = text.replace(from, to)
  }
  const file = join(folder, path.replace('/', '-'))
  await writeFile(file, text)
  return file
}

export interface Received {
  readonly method: string
  readonly url: string
  /** As they were on the wire, each once, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Names and values after the body, in turn. */
  readonly trailers: readonly string[]
}

/** The application behind the gateway: it answers with what it received. */
export async function startEcho(t: Test): Promise<number> {
  const server = createServer(async (request, reply) => {
    const { rawHeaders, method = '', url = '' } = request
    const headers = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? ''] as const] : []))
    const body = await bodyOf(request)
    const trailers = request.rawTrailers
    const text = JSON.stringify({ method, url, headers, body, trailers } satisfies Received)
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
  })
  // The key of the example in RFC 6455 section 1.3.
  server.on('upgrade', (_request, socket) => {
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${accept}\r\n\r\n`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of message) text += chunk
  return text
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Asking {
  readonly method?: string
  /** Names and values in turn, sent as written and as often as written. */
  readonly headers?: readonly string[]
  readonly body?: string
  /** The client's address, one of 127.0.0.0/8. */
  readonly from?: string
}

/** One request on a connection of its own, its headers exactly as given. */
export function ask(url: string, { method = 'GET', headers = [], body, from }: Asking = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url)
    const hasBody = body !== undefined || method === 'POST'
    const length = hasBody ? ['Content-Length', String(Buffer.byteLength(body ?? ''))] : []
    const sent = httpRequest(url, {
      method,
      agent: false,
      localAddress: from,
      headers: ['Host', host, ...headers, ...length],
    })
    sent.on('error', reject).on('response', async answer => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: await bodyOf(answer) })
    })
    sent.end(body)
  })
}
