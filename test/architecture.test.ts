/** The house keeps its storeys: who may import whom, and which files decide by their arguments alone (helpers/rooms.ts). */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { root } from './helpers/places.ts'
import { drawing, roomOf, storeyOf, storeys } from './helpers/rooms.ts'

interface Import {
  readonly to: string
  readonly isType: boolean
}

const files = globSync('{src,plugins,routes}/**/*.ts', { cwd: root }).sort()
const sources = new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]))
const sourceOf = (file: string) => sources.get(file) ?? ''

/** Packages by name, our own files by their path from the root. */
function importsOf(file: string): Import[] {
  const statements = sourceOf(file).matchAll(
    /^(?:import|export)\s(type\s)?[^'"]*?from '([^']+)'|import\('([^']+)'\)|^import '([^']+)'/gm,
  )
  return [...statements].map(([, type, from, dynamic, bare]) => {
    const name = from ?? dynamic ?? bare ?? ''
    return { to: name.startsWith('.') ? normalize(join(dirname(file), name)) : name, isType: type !== undefined }
  })
}

t.test('every file stands in a room, and every room has files', async t => {
  for (const file of files) t.type(roomOf(file), 'string', `${file} stands in no room`)
  const inUse = new Set(files.map(roomOf))
  for (const room of storeys.flatMap(rooms => Object.keys(rooms))) t.ok(inUse.has(room), `${room} is empty`)
})

t.test('a room uses itself and the storeys below it', async t => {
  for (const file of files) {
    const room = roomOf(file) ?? ''
    for (const { to, isType } of importsOf(file).filter(({ to }) => sources.has(to))) {
      const target = roomOf(to) ?? ''
      // The wire gives a form to what other rooms have, so it knows their shapes.
      if (target === room || (isType && room === 'wire')) continue
      t.ok(storeyOf(target) > storeyOf(room), `${file} (${room}) imports ${to} (${target})`)
    }
  }
})

t.test('an engine is opened by one file, and the two know nothing of each other', async t => {
  const engine = (file: string) => /^src\/engines\/(sqlite|postgres)\//.exec(file)?.[1]
  for (const file of files) {
    for (const { to } of importsOf(file)) {
      if (!engine(to) || engine(to) === engine(file)) continue
      t.equal(file, 'src/engines/open-stores.ts', `${file} imports ${to}`)
    }
  }
})

t.test('no file needs itself', async t => {
  const needs = new Map(
    files.map(file => [file, importsOf(file).flatMap(({ to, isType }) => (isType || !sources.has(to) ? [] : to))]),
  )
  const done = new Set<string>()
  function visit(file: string, path: readonly string[]): void {
    if (path.includes(file)) return void t.fail(`a circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    if (done.has(file)) return
    for (const next of needs.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  t.equal(done.size, files.length)
})

t.test('Fastify is known to routes, plugins, the app, what extends it, and the one host of @fastify/jwt', async t => {
  for (const file of files) {
    const room = roomOf(file) ?? ''
    const knows = importsOf(file).some(({ to, isType }) => /^@?fastify/.test(to) && !(isType && room === 'wire'))
    const may = ['routes', 'plugins', 'app', 'lab', 'http', 'process'].includes(room) || file === 'src/jws/jws.ts'
    t.ok(may || !knows, `${file} imports Fastify`)
  }
})

t.test('a route is named after its file, for whoever reads a message of Fastify', async t => {
  // Of one without a name Fastify looks through every module that was required, twice for each app.
  for (const file of files.filter(file => roomOf(file) === 'routes'))
    t.match(sourceOf(file), `fp(plugin, { name: '${file.replace('.ts', '')}', encapsulate: true })`, file)
})

t.test('what is called pure is pure', async t => {
  const impure =
    /\bclock\(\)|\bDate\.now\b|new Date\(\)|\bperformance\.|\bprocess\.|Math\.random|random(?:Bytes|UUID|Int)\b|\basync\b|\bawait\b|^let |setTimeout|setImmediate/m
  const harmless = /^(?:node:(?:crypto|net|url)|ajv|@fastify\/swagger)$|-data\.ts$|\/version\.ts$/
  const pure = new Set(
    storeys.flatMap(rooms =>
      Object.entries(rooms).flatMap(([name, room]) => (room.pure ?? []).map(file => `src/${name}/${file}.ts`)),
    ),
  )
  for (const file of pure) {
    if (!t.ok(sources.has(file), `${file} is there`)) continue
    t.notMatch(withoutComments(sourceOf(file)), impure, `${file} decides by its arguments alone`)
    for (const { to, isType } of importsOf(file)) {
      t.ok(isType || pure.has(to) || harmless.test(to), `${file} imports ${to}`)
    }
  }
})

t.test('SQL, the environment, normal forms of text and the time have one place each', async t => {
  /** The clock itself, and the stamp of a log line, which decides nothing. */
  const ownTime = ['src/base/clock.ts', 'src/http/log-lines.ts']
  for (const file of files) {
    const text = sourceOf(file)
    if (roomOf(file) !== 'engines')
      t.notMatch(text, /\b(SELECT|UPDATE|DELETE FROM|INSERT INTO)\b.+\b(FROM|SET|WHERE|VALUES)\b/, file)
    if (!/^src\/(process\/serve|cli)\.ts$/.test(file)) t.notMatch(text, /process\.env/, file)
    if (file !== 'src/base/text.ts')
      t.notMatch(text, /\.normalize\(/, `${file} leaves normal forms to src/base/text.ts`)
    if (!ownTime.includes(file)) t.notMatch(text, /Date\.now\(/, `${file} asks the injected clock`)
  }
})

t.test('the domain has no snake_case: what has a form on the wire gets it there', async t => {
  for (const file of files.filter(file => ['sessions', 'login', 'keys'].includes(roomOf(file) ?? ''))) {
    const names = withoutComments(sourceOf(file)).replace(/'[^'\n]*'|`[^`]*`/g, '') // codes and words of the log are texts
    t.notMatch(names, /\b[a-z]+_[a-z_]+\b/, file)
  }
})

t.test('files stay short enough to read', async t => {
  for (const file of files) {
    const lines = sourceOf(file).split('\n').length
    const most = file.startsWith('plugins/') ? 110 : 250
    t.ok(lines <= most, `${file}: ${lines} lines`)
  }
})

t.test('docs/architecture.md draws these rooms', async t => {
  const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const drawn = /<!-- rooms -->\n```\n([\s\S]*?)\n```/.exec(text)?.[1]
  t.equal(drawn, drawing(), 'replace the block by the drawing() of test/helpers/rooms.ts')
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, '')
}
