/** The documents say what the code does: each table in both directions, each link, and each command of npm. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TSchema } from '@sinclair/typebox'
import t from 'tap'
import { errors } from '../src/base/errors.ts'
import { variables } from '../src/config/variables.ts'
import { testApp } from './helpers/app.ts'
import { labApp } from './helpers/lab.ts'
import { tableRows } from './helpers/markdown.ts'
import { root } from './helpers/places.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = globSync('{*.md,{clients,examples}/*/*.md,{docs,deploy,bench,practice}/**/*.md}', { cwd: root })
const manifest = JSON.parse(read('package.json')) as Record<'scripts' | 'dependencies' | 'devDependencies', object>
const settings = Object.entries<TSchema>(variables.properties)

const withoutTicks = (text = '') => text.replaceAll('`', '')
const defaultOf = (schema: TSchema) => String(schema['default'] ?? schema['shown'] ?? '')

t.test('docs/configuration.md lists exactly the variables, their defaults and their meaning', async t => {
  const rows = tableRows(read('docs/configuration.md'), 'variable', 'default', 'meaning')

  const documented = rows.map(([name, value, meaning, file]) => [
    withoutTicks(name),
    withoutTicks(value),
    meaning,
    file,
  ])
  const declared = settings.map(([name, schema]) => [
    name,
    defaultOf(schema) || 'none',
    schema.title,
    schema['fromFile'] ? 'yes' : '',
  ])
  t.strictSame(documented, declared)
})

t.test('docs/configuration.md lists exactly the ranges of numbers', async t => {
  const documented = tableRows(read('docs/configuration.md'), 'variable', 'from', 'to').map(row =>
    row.map(withoutTicks),
  )

  const numbers = settings.filter(([, schema]) => schema.type === 'integer')
  const written = (limit: number) => limit.toLocaleString('en')
  const declared = numbers.map(([name, { minimum, maximum }]) => [name, written(minimum), written(maximum)])
  t.strictSame(documented, declared)
})

t.test('.env.example lists exactly the variables, their defaults and their meaning', async t => {
  const documented = [...read('.env.example').matchAll(/^# (.+)\n(?:# )?([A-Z_]+)=(.*)$/gm)].map(match =>
    match.slice(1),
  )

  const declared = settings.map(([name, schema]) => {
    const shown = schema['shown'] ? ` (default: ${schema['shown']})` : ''
    const file = schema['fromFile'] ? ` [or ${name}_FILE]` : ''
    return [`${withoutTicks(schema.title)}${shown}${file}`, name, String(schema['default'] ?? '')]
  })
  t.strictSame(documented, declared)
})

t.test('docs/errors.md lists exactly the errors', async t => {
  const rows = tableRows(read('docs/errors.md'), 'code', 'status', 'detail', 'when')

  const documented = rows.map(([code, status, detail]) => [withoutTicks(code), Number(status), detail])
  t.strictSame(
    documented,
    Object.entries(errors).map(([code, { status, detail }]) => [code, status, detail]),
  )
})

t.test('docs/dependencies.md names exactly the packages, each where it belongs', async t => {
  const [atRunTime, forDevelopment] = read('docs/dependencies.md').split('## For development')
  const named = (text?: string) => tableRows(text ?? '', 'package').map(([name]) => withoutTicks(name))

  t.strictSame(named(atRunTime).sort(), Object.keys(manifest.dependencies).sort())
  t.strictSame(named(forDevelopment).sort(), Object.keys(manifest.devDependencies).sort())
})

t.test('every npm command of the documents exists', async t => {
  const ofNpm = new Set(['ci', 'install', 'audit', 'outdated'])
  const withoutRun = new Set(['start', 'test'])
  for (const path of documents) {
    for (const [, asScript, word = ''] of codeOf(read(path)).matchAll(/\bnpm (run )?([a-z][a-z:-]*)/g)) {
      const isScript = asScript || withoutRun.has(word)
      t.ok(isScript ? word in manifest.scripts : ofNpm.has(word), `${path}: npm ${asScript ?? ''}${word}`)
    }
  }
})

/** What stands in fences and backticks. */
function codeOf(text: string): string {
  return [...text.matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].join('\n')
}

t.test("the README's table of requests is exactly the routes", async t => {
  const { app } = await testApp(t, { docs: false })
  const { app: withDocs } = await labApp(t) // whose routes are /lab, what the page loads, its acts and instances

  const rows = tableRows(read('README.md'), 'request', 'who')
  // A row may hold several requests, and `/verify` takes any method.
  const requestsOf = (cell = '') =>
    cell.includes('any method') ? cell.match(/\/\w+/g)?.map(path => `ANY ${path}`) : withoutTicks(cell).split(', ')
  const requests = (inDocs: boolean) =>
    rows.filter(([, who]) => /DOCS|LAB/.test(who ?? '') === inDocs).flatMap(([request]) => requestsOf(request) ?? [])
  const registered = (of: typeof app) => routesOf(of.printRoutes({ commonPrefix: false }))
  const added = registered(withDocs).filter(
    route => !requests(false).includes(route) && !/ \/(docs|lab)[/*]/.test(route), // what a page itself loads
  )

  t.strictSame(requests(false).sort(), registered(app).sort())
  t.strictSame(requests(true).sort(), added.sort())
})

/** Reads Fastify's tree of routes: `│   └── /:id (DELETE)` belongs to the line above with one step less. */
function routesOf(tree: string): string[] {
  const routes: string[] = []
  const parents: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent, part, methods] = /^([│ ]*)[├└]── (\S*)(?: \((.+)\))?$/.exec(line) ?? []
    if (indent === undefined) continue
    const depth = indent.length / 4
    parents[depth] = (depth > 0 ? parents[depth - 1] : '') + (part ?? '')
    // HEAD and a preflight come along with their GET.
    const all = methods?.split(', ').filter(method => method !== 'HEAD' && method !== 'OPTIONS') ?? []
    for (const method of all.length > 5 ? ['ANY'] : all) routes.push(`${method} ${parents[depth]}`)
  }
  return routes
}

t.test('every relative link resolves', async t => {
  for (const path of documents) {
    for (const [, link = ''] of read(path).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      const [file, anchor] = link.split('#')
      const target = file ? join(dirname(path), file) : path
      t.ok(existsSync(join(root, target)), `${path} links to ${link}`)
      if (anchor) t.ok(anchorsOf(read(target)).includes(anchor), `${path} links to ${link}: no such heading`)
    }
  }
})

function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  )
}
