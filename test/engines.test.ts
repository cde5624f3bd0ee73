/** One story of Node: what is promised, what is installed, what the image has, and what an older one is told. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/places.ts'
import { compiledCode, environment } from './helpers/process.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const { engines, devDependencies } = JSON.parse(read('package.json'))
const [, oldest = ''] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? []
const [line = ''] = oldest.split('.')

t.test('the oldest Node is the same everywhere, and tests, types and the image are of its line', t => {
  for (const page of ['README.md', 'CONTRIBUTING.md']) t.match(read(page), `Signet needs Node ${oldest} or newer`)
  for (const name of ['node', '@types/node']) t.equal(devDependencies[name].split('.')[0], line, name)
  t.match(read('Dockerfile'), `NODE_IMAGE=node:${line}-`)
  t.match(process.versions.node, new RegExp(`^${line}\\.`), 'npm runs its scripts, and so this test, on the locked one')
  t.end()
})

/** Runs a file on this Node, which says that it is another one. */
function runOn(version: string, ...args: string[]) {
  const says = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(says)}`, ...args],
    { cwd: root, env: environment(compiledCode), encoding: 'utf8' },
  )
  return { status, told: stdout + stderr }
}

const [major = 0, minor = 0] = oldest.split('.').map(Number)
const refusal = (version: string) => `signet: needs Node ${oldest} or newer, this is ${version}\n`

t.test('an older Node is told in one line, without a stack, and nothing else runs', async t => {
  const justOlder = `${major}.${minor - 1}.9`
  for (const entry of [['src/server.ts'], ['src/cli.ts', '--version']]) {
    t.strictSame(runOn(justOlder, ...entry), { status: 1, told: refusal(justOlder) }, entry.join(' '))
  }
  t.equal(runOn(`${major}.${minor}.0`, 'src/cli.ts', '--version').status, 0)
  t.notMatch(runOn(`${major}.${minor}.0`, 'src/server.ts').told, 'needs Node', 'it is asked for a secret instead')
})

t.test('numbers are compared as numbers', async t => {
  for (const version of ['9.9.9', '20.20.2', `${major - 1}.${minor + 9}.0`]) {
    t.strictSame(runOn(version, 'src/process/node-version.ts'), { status: 1, told: refusal(version) }, version)
  }
  for (const version of [`${major}.${minor}.0`, `${major}.10.0`, `${major + 1}.0.0`, '100.0.0']) {
    t.strictSame(runOn(version, 'src/process/node-version.ts'), { status: 0, told: '' }, version)
  }
})
