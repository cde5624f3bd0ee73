/** One story of Node: what is promised, what is installed, what the image has, and what an older one is told. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/app.ts'
import { environment } from './helpers/process.ts'

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

for (const entry of ['src/server.ts', 'src/cli.ts']) {
  t.test(`${entry} on an older Node: one line, no stack`, t => {
    const [major = 0, minor = 0] = oldest.split('.').map(Number)
    for (const [version, isRefused] of [
      ['20.20.2', true],
      [`${major}.${minor - 1}.0`, true],
      [`${major}.${minor}.0`, false],
      [`${major + 1}.0.0`, false],
    ] as const) {
      const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`
      const args = ['--import', pretend, entry, '--help']
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env: environment(), encoding: 'utf8' })
      const refusal = `signet: needs Node ${oldest} or newer, this is ${version}\n`
      t.equal(stderr === refusal && status === 1, isRefused, version)
    }
    t.end()
  })
}
