/** A Node that is too old is told in one line, and nothing else runs (real processes, as it ends them). */
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { root } from '../helpers/app.ts'
import { environment } from '../helpers/process.ts'

/** Runs a file on this Node, which says that it is another one. */
function runOn(version: string, ...args: string[]) {
  const says = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(says)}`, ...args],
    { cwd: root, env: environment(), encoding: 'utf8' },
  )
  return { status, told: stdout + stderr }
}

t.test('the service and the command line need Node 24.7', async t => {
  for (const version of ['22.22.0', '24.6.9']) {
    for (const entry of [['src/server.ts'], ['src/cli.ts', '--version']]) {
      const told = `signet: needs Node 24.7 or newer, this is ${version}\n`
      t.strictSame(runOn(version, ...entry), { status: 1, told }, `${entry[0]} on ${version}`)
    }
  }
  for (const version of ['24.7.0', '24.10.0', '26.0.0']) {
    t.strictSame(runOn(version, 'src/process/node-version.ts'), { status: 0, told: '' }, version)
  }
})
