/** The documents say what the code does: each table in both directions, each link, and each command of the README. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TSchema } from '@sinclair/typebox'
import t from 'tap'
import { errors } from '../src/base/errors.ts'
import { variables } from '../src/config/variables.ts'
import { testApp } from './helpers/app.ts'
import { labApp } from './helpers/lab.ts'
import { root } from './helpers/places.ts'
import { environment, postJson } from './helpers/process.ts'
import { startService } from './helpers/service.ts'
import { newSecret } from './helpers/tokens.ts'

const run = promisify(execFile)
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const documents = globSync('{*.md,{clients,examples}/*/*.md,{docs,deploy,bench,practice}/**/*.md}', { cwd: root })
const manifest = JSON.parse(read('package.json')) as Record<'scripts' | 'dependencies' | 'devDependencies', object>
const settings = Object.entries<TSchema>(variables.properties)

/** The rows of every table whose header starts with these words, as trimmed cells. */
function tableRows(text: string, ...header: string[]): string[][] {
  const rows: string[][] = []
  let inside = false
  for (const line of text.split('\n')) {
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : []
    const trimmed = cells.map(cell => cell.trim())
    if (cells.length === 0) inside = false
    else if (header.every((word, i) => trimmed[i] === word)) inside = true
    else if (inside && !/^-+$/.test(trimmed[0] ?? '')) rows.push(trimmed)
  }
  return rows
}

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

/** Fenced blocks in order, those of a list item too. */
function blocksOf(text: string): { language: string; content: string }[] {
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', content = '']) => ({
      language,
      content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

t.test(
  'the requests of the README and docs/accounts.md, pasted one after the other, give the answers they show',
  { skip: without('curl') },
  async t => {
    const server = await startService(t, { SECOND_FACTOR: 'optional' }) // as in practice
    const blocks = ['README.md', 'docs/accounts.md'].flatMap(page =>
      blocksOf(read(page).split('\n## Try it by hand\n')[0] ?? ''),
    ) // that has a test of its own
    const requests = blocks.flatMap(({ language, content }, i) => {
      const answer = blocks[i + 1]
      if (language !== 'sh' || !content.includes('curl ')) return []
      return [
        { command: content.replaceAll('http://127.0.0.1:3000', server.url), answer: answer?.content.trim() ?? '' },
      ]
    })
    t.ok(requests.length >= 7)

    const separator = '\n---- next block ----\n'
    const script = requests.map(({ command }) => command).join(`printf '%s' '${separator}'\n`)
    const { stdout } = await run('bash', ['-eu', '-c', script], { env: environment() })

    const answers = stdout.split(separator).map(answer => answer.trim())
    t.equal(answers.length, requests.length)
    for (const [i, { command, answer }] of requests.entries()) t.match(answers[i], asPattern(answer), command)
  },
)

/** The text with `…` for anything that is different every time. */
function asPattern(text: string): RegExp {
  const literal = text.split('…').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('(?:[^"\\\\]|\\\\.)+')}$`)
}

/** A reason to skip, unless nothing may be skipped. */
function without(command: string): string | false {
  const isThere = spawnSync(command, ['--version']).status === 0
  return isThere || process.env['REQUIRE_ALL'] ? false : `needs ${command}`
}

t.test("the README's way to check a token in a service accepts our access token and nothing else", async t => {
  const secret = newSecret()
  const server = await startService(t, { JWT_SECRET_KEY: secret })
  const login = await postJson(`${server.url}/login`, { username: 'maria', password: 'demo123' })
  const tokens = (await login.json()) as { access_token: string; refresh_token: string }
  const snippet = blocksOf(read('README.md')).find(({ content }) => content.includes('jwtVerify'))?.content ?? ''

  const check = (token: string) =>
    run(process.execPath, ['--input-type=module', '-e', `const token = process.argv[1]\n${snippet}`, token], {
      cwd: root,
      env: environment({ JWT_SECRET_KEY: secret }),
    })
  t.equal((await check(tokens.access_token)).stdout, 'user-2 maria user\n')
  await t.rejects(check(tokens.refresh_token))
})

t.test('what the README shows of an application stands in that example, line by line', t => {
  const [, section = ''] = read('README.md').split('## Use it from your application\n')
  const shown = blocksOf(section.split('\n## ')[0] ?? '')
  for (const [i, name] of ['same-origin', 'other-origin'].entries()) {
    const code = ['page.js', 'server.js'].map(file => read(join('examples', name, file))).join('\n')
    const lines = code.split('\n').map(line => line.trim())
    for (const line of shown[i]?.content.split('\n') ?? []) {
      const statement = line.replace(/ *\/\/.*/, '')
      if (statement)
        t.ok(
          lines.some(one => one.startsWith(statement)),
          `${name}: ${line}`,
        )
    }
    t.ok((shown[i]?.content.split('\n').length ?? 99) <= 12, 'in about ten lines')
  }
  t.end()
})

for (const [heading, rows] of examplesOf(read('docs/refresh.md'))) {
  t.test(`docs/refresh.md, "${heading}": what is written is what happens`, async t => {
    const { app, clock, logIn, me, refresh } = await testApp(t)
    const tokens = [await logIn()]
    const present = (number: number) => refresh(tokens[number]?.refresh_token ?? '')
    while (tokens.length <= Number(rows[0]?.presented)) {
      clock.advance(3600)
      tokens.push((await present(tokens.length - 1)).json())
    }
    clock.advance(3600)

    let now = rows[0]?.at ?? 0
    for (const { at, presented, gets } of rows) {
      clock.advance(at - now)
      now = at
      await app.revocations.poll()
      const response = await present(Number(presented))
      const [, successor, cause] = /^token (\d+), `(\w+)`/.exec(gets) ?? []
      if (successor === undefined) {
        t.match(gets, /^the session ends/)
        t.equal(response.statusCode, 401, gets)
        t.equal((await me(tokens.at(-1)?.access_token ?? '')).json().code, 'token_revoked')
        continue
      }
      t.equal(response.headers['signet-refresh'], cause, gets)
      if (tokens[Number(successor)])
        t.equal(response.json().refresh_token, tokens[Number(successor)]?.refresh_token, gets)
      else tokens.push(response.json())
      t.equal(tokens.length - 1, Number(successor), gets)
    }
  })
}

/** The tables of events, each under its heading. */
function examplesOf(text: string) {
  const sections = text.split(/^## /m).slice(1)
  return sections.flatMap(section => {
    const rows = tableRows(section, 'time', 'who', 'presents', 'gets').map(
      ([time = '', , presents = '', gets = '']) => {
        const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
        return { at: hours * 3600 + minutes * 60 + seconds, presented: /^\d+/.exec(presents)?.[0], gets }
      },
    )
    return rows.length > 0 ? [[section.split('\n', 1)[0] ?? '', rows] as const] : []
  })
}
