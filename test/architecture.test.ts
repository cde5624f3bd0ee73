/** The house keeps its storeys: who may import whom (docs/architecture.md). */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { root } from './helpers/app.ts'

type Room =
  | 'routes'
  | 'plugins'
  | 'entries'
  | 'services'
  | 'engines'
  | 'openStores'
  | 'stores'
  | 'pure'
  | 'docs'
  | 'jws'
  | 'fastify'

/** Entries (app, server, command line) put things together, so they may import anything but routes and engines. */
const allowed: Record<Exclude<Room, 'fastify'>, readonly Room[]> = {
  routes: ['pure', 'stores', 'fastify'],
  plugins: ['services', 'pure', 'stores', 'openStores', 'docs', 'fastify'],
  entries: ['entries', 'services', 'pure', 'stores', 'openStores', 'fastify'],
  services: ['services', 'jws', 'pure', 'stores'],
  openStores: ['engines', 'pure', 'stores'],
  engines: ['engines', 'pure', 'stores'],
  stores: ['stores'],
  pure: ['pure', 'jws', 'stores'],
  jws: ['pure', 'fastify'], // hosts @fastify/jwt
  docs: ['fastify'], // what Swagger UI is given, for plugins/swagger.ts alone
}

const services = /-service\.ts$|password-hash\.ts$|token-verifier\.ts$/

function roomOf(path: string): Room {
  if (path.startsWith('routes/')) return 'routes'
  if (path.startsWith('plugins/')) return 'plugins'
  if (/^src\/(app|request-log|shared-serializers|serve|server|cli)\.ts$|^src\/cli\//.test(path)) return 'entries'
  if (path === 'src/stores/open-stores.ts') return 'openStores'
  if (/^src\/stores\/(stores|records|restore|transfer)\.ts$/.test(path)) return 'stores'
  if (path.startsWith('src/stores/')) return 'engines'
  if (path.startsWith('src/docs/')) return 'docs'
  if (path === 'src/jws/jws.ts') return 'jws'
  return services.test(path) ? 'services' : 'pure'
}

function importsOf(path: string): { from: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, path), 'utf8')
  const statements = text.matchAll(/^(?:import|export)\s(type\s)?[^'"]*?from '([^']+)'|await import\('([^']+)'\)/gm)
  return [...statements].map(([, type, from, dynamic]) => ({ from: from ?? dynamic ?? '', typeOnly: !!type }))
}

/** The clock itself, and the stamp of a log line, which decides nothing. */
const ownTime = ['src/clock.ts', 'src/log-lines.ts']

const files = globSync('{src,plugins,routes}/**/*.ts', { cwd: root })

t.test('every import goes where it may', async t => {
  t.ok(files.length > 40)
  for (const file of files) {
    const room = roomOf(file) as Exclude<Room, 'fastify'>
    for (const { from, typeOnly } of importsOf(file)) {
      const isOurs = from.startsWith('.')
      if (!isOurs && !/^@?fastify/.test(from)) continue
      const target = isOurs ? roomOf(normalize(join(dirname(file), from))) : 'fastify'
      // A type tells a shape and binds to nothing: engines apart, a type may be taken from any room of src/.
      const shapeOnly = typeOnly && isOurs && target !== 'engines' && target !== 'routes' && target !== 'plugins'
      if (!shapeOnly) t.ok(allowed[room].includes(target), `${file} (${room}) imports ${from} (${target})`)
    }
  }
})

t.test('SQL, the environment, normal forms of text and the time have one place each', async t => {
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8')
    if (roomOf(file) !== 'engines')
      t.notMatch(text, /\b(SELECT|UPDATE|DELETE FROM|INSERT INTO)\b.+\b(FROM|SET|WHERE|VALUES)\b/, file)
    if (!/^src\/(serve|cli)\.ts$/.test(file)) t.notMatch(text, /process\.env/, file)
    if (file !== 'src/text.ts') t.notMatch(text, /\.normalize\(/, `${file} leaves normal forms to src/text.ts`)
    if (!ownTime.includes(file)) t.notMatch(text, /Date\.now\(/, `${file} asks the injected clock`)
  }
})

t.test('files stay short enough to read', async t => {
  for (const file of files) {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length
    const most = file.startsWith('plugins/') ? 110 : 250
    t.ok(lines <= most, `${file}: ${lines} lines`)
  }
})
