/** docs/accounts.md, "Try it by hand": a real server, a shell, and what is written. */
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import t from 'tap'
import { buildLab } from '../../lab/build.ts'
import { root } from '../helpers/places.ts'
import { environment, startServer } from '../helpers/process.ts'

const run = promisify(execFile)
const curl = spawnSync('curl', ['--version']).status === 0 || process.env['REQUIRE_ALL'] ? false : 'needs curl'

t.test('the story by hand, pasted, gives the answers it shows', { skip: curl }, async t => {
  await buildLab()
  const practice = parseEnv(readFileSync(join(root, '.env.practice'), 'utf8')) as Record<string, string>
  const server = await startServer(t, {
    ...practice,
    DATABASE_URL: 'sqlite::memory:',
    PUBLIC_URL: 'http://localhost:3000',
  })

  const [, section = ''] = readFileSync(join(root, 'docs/accounts.md'), 'utf8').split('\n## Try it by hand\n')
  const blocks = [...section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, content = '']) => ({
    language,
    content,
  }))
  const steps = blocks.flatMap(({ language, content }, i) => {
    const answer = blocks[i + 1]
    return language === 'sh' ? [{ content, answer: answer?.language === '' ? answer.content : '' }] : []
  })
  t.ok(steps.length >= 9)
  const separator = '=== next block ===\n'
  const script = steps.map(({ content }) => content).join(`printf '%s' '${separator}'\n`)
  const env = environment({ PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` })
  const { stdout } = await run('bash', ['-eu', '-c', script.replaceAll('http://127.0.0.1:3000', server.url)], { env })

  const answers = stdout.split(separator)
  for (const [i, { content, answer }] of steps.entries()) t.match(answers[i], asPattern(answer), content)
})

/** The text with `…` for anything that is different every time. */
function asPattern(text: string): RegExp {
  const literal = text.split('…').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('[^"\\s]+')}$`)
}
