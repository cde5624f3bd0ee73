/** Standard output: every line arrives, in its order, however the process ends. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createLogLines } from '../../src/http/log-lines.ts'
import { root } from '../helpers/places.ts'

const file = (name: string) => join(mkdtempSync(join(tmpdir(), 'signet-log-')), name)

t.test('lines of one turn come out together at its end, or when they are asked for', async t => {
  const path = file('lines')
  const log = createLogLines(openSync(path, 'a'))
  log.write('one\n')
  log.write('two\n')
  t.equal(readFileSync(path, 'utf8'), '')
  await new Promise(resolve => setImmediate(resolve))
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  log.write('three\n')
  log.flushSync()
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n')
})

for (const [how, end] of [
  ['falls off its end', ''],
  ['exits', 'process.exit(0)'],
  ['crashes', "throw new Error('crashed')"],
]) {
  t.test(`nothing is lost when the process ${how}`, async t => {
    const lines = Array.from({ length: 5000 }, (_, i) => `line ${i}`)
    const script = `
      import { createLogLines } from './src/http/log-lines.ts'
      const log = createLogLines()
      for (let i = 0; i < 5000; i++) log.write('line ' + i + '\\n')
      ${end}`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      encoding: 'utf8',
    })
    t.equal(stdout, `${lines.join('\n')}\n`)
  })
}
