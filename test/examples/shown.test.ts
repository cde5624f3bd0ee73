/** What the documents show is what happens: their requests, their programs, and the examples that they are cut from. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { blocksOf } from '../helpers/markdown.ts'
import { root } from '../helpers/places.ts'
import { environment, postJson } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { newSecret } from '../helpers/tokens.ts'

const run = promisify(execFile)
const read = (path: string) => readFileSync(join(root, path), 'utf8')

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
