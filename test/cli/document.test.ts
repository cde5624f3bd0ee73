/** docs/command-line.md: every command is in its table, and its examples do what it says. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cli } from '../helpers/cli.ts'
import { root } from '../helpers/places.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'

const text = readFileSync(join(root, 'docs/command-line.md'), 'utf8')

async function commandsOf(...group: string[]): Promise<string[]> {
  const { stdout } = await cli([...group, '--help'], {})
  const listed = stdout.split(/^Commands:$/m)[1] ?? ''
  return [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name)
}

t.test('its table has every command, and no other', async t => {
  const commands: string[] = []
  for (const name of await commandsOf()) {
    const inside = await commandsOf(name)
    commands.push(...(inside.length > 0 ? inside.map(one => `${name} ${one}`) : [name]))
  }
  const documented = [...text.matchAll(/^\| `signet ([a-z]+(?: [a-z]+)?)/gm)].map(([, name]) => name)
  t.strictSame(documented.toSorted(), commands.toSorted())
})

t.test('its examples, pasted one after the other, work and print what it shows', async t => {
  const folder = await temporaryFolder(t)
  const examples = [...text.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```json\n([\s\S]*?)^```)?/gm)]
  t.ok(examples.length >= 3)
  for (const [, commands = '', output] of examples) {
    const signet = `signet() { '${process.execPath}' '${join(root, 'src/cli.ts')}' "$@"; }`
    const script = `set -e\n${signet}\n${commands}`
    const env = environment({ DATABASE_URL: 'sqlite:signet.db', BCRYPT_COST: '10' })
    const printed = execFileSync('sh', ['-c', script], { cwd: folder, env, stdio: 'pipe' }).toString()
    if (output) t.equal(printed, output)
    else t.pass(commands)
  }
})
