/** compose.yaml, started for real from a copy of what it needs, with secrets made as docs/docker.md says. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { ask } from '../helpers/gateways.ts'
import { root } from '../helpers/places.ts'
import { freePort, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { type Engine, run } from './engine.ts'
import { keepBridges, makeNetwork, removeNetworks } from './podman.ts'

const project = 'signet-story'
/** Another one than compose.yaml's own, which may be running beside. */
const network = '172.31.251.16/28'
/** What goes to the builder is what `.dockerignore` lets through. */
const sent = [...readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path)
const needed = ['compose.yaml', 'deploy/caddy', 'practice/users.ndjson', 'Dockerfile', '.dockerignore', ...sent]

export interface Stack {
  /** The gateway, the one port that is published. */
  readonly url: string
  /** Runs compose with these words. */
  compose(...args: string[]): Promise<string>
  /** Starts everything and waits until the gateway lets a request through. */
  up(): Promise<void>
  /** Stops and removes everything but the data. */
  down(): Promise<void>
  /** Runs the service's own health check in it until it is content. */
  healthy(service: string): Promise<void>
  /** Stops a service as its grace period allows and starts it again, and waits until it is healthy. */
  restart(service: string): Promise<void>
  readSecret(name: string): string
  /** In the file that containers have mounted, not in another one of its name. */
  writeSecret(name: string, text: string): void
}

export async function createStack(t: Test, engine: Engine): Promise<Stack> {
  const folder = await temporaryFolder(t)
  for (const path of needed) cpSync(join(root, path), join(folder, path), { recursive: true })
  await run(['bash', '-euc', howToMakeSecrets()], folder)
  const isPodman = engine.name === 'podman-compose'

  const port = String(await freePort())
  const url = `http://127.0.0.1:${port}`
  const env = { GATEWAY_PORT: port, SITE_ADDRESS: `:${port}`, PUBLIC_URL: url, SIGNET_NETWORK: network }
  const compose = (...args: string[]) => engine.compose(folder, env, '-p', project, ...args)
  const { services } = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), { merge: true })

  async function up() {
    if (isPodman) await makeNetwork(`${project}_signet`, network)
    await compose('up', '-d')
    if (isPodman) await keepBridges(project)
    for (const service of ['postgres', 'signet-1', 'signet-2', 'gateway']) await healthy(service)
    await waitUntil(async () => (await ask(`${url}/.well-known/jwks.json`)).status === 200, 30)
  }

  async function down() {
    await compose('stop', '-t', '15') // older podman-compose gives a `down` one second
    await compose('down')
  }

  async function healthy(service: string) {
    const [, ...words] = services[service].healthcheck.test as string[]
    const check = words.map(word => word.replace(/^\$\{GATEWAY_PORT.*/, port)).join(' ')
    // Older podman-compose does not pass on how a command ended.
    const told = () => compose('exec', '-T', service, 'sh', '-c', `${check} >/dev/null 2>&1 && echo content`)
    const isContent = async () => (await told().catch(String)).split('\n').includes('content')
    await waitUntil(isContent, 90).catch(() => Promise.reject(new Error(`${service} was not healthy within 90 s`)))
  }

  async function restart(service: string) {
    await compose('restart', '-t', String(Number.parseInt(services[service].stop_grace_period, 10)), service)
    await healthy(service)
  }

  await compose('down', '-v') // what a story that was killed has left
  await compose('build')
  t.teardown(async () => {
    if (!t.passing()) t.comment(await compose('logs', '--tail', '100').catch(String))
    await compose('down', '-v')
    if (isPodman) await removeNetworks(project)
  })
  const secret = (name: string) => join(folder, 'secrets', name)
  return {
    url,
    compose,
    up,
    down,
    healthy,
    restart,
    readSecret: name => readFileSync(secret(name), 'utf8'),
    writeSecret: (name, text) => writeFileSync(secret(name), text),
  }
}

/** The commands of docs/docker.md, up to the one that starts. */
function howToMakeSecrets(): string {
  const [, section = ''] = readFileSync(join(root, 'docs', 'docker.md'), 'utf8').split(
    '## With a gateway and PostgreSQL',
  )
  const [, commands] = /```sh\n([\s\S]*?)^docker compose up/m.exec(section) ?? []
  if (!commands) throw new Error('docs/docker.md does not say how to make the secrets')
  return commands
}
