/** Listeners, in a process of their own: what one of them throws belongs to that process, as to a page. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { endOf } from '../../../test/helpers/cli.ts'
import { environment } from '../../../test/helpers/process.ts'
import { startSignet } from './setup.ts'

const script = `
const { createSignet } = await import(process.argv[1])
const heard = []
process.on('uncaughtException', error => void heard.push(error.message))
const signet = createSignet({ url: process.argv[2], mode: 'bearer' })
signet.subscribe(({ type }) => { throw new Error('thrown at ' + type) })
signet.subscribe(({ type }) => void heard.push(type))
await signet.login('maria', 'demo123')
await signet.logout()
console.log(JSON.stringify(heard))
`

t.test('a listener that throws is heard of and stops nothing; the process ends by itself', async t => {
  const { url } = await startSignet(t)
  const library = join(import.meta.dirname, '..', 'src', 'index.ts')
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, library, url], {
    env: environment(),
    timeout: 40_000,
  })

  const { code, stdout, stderr } = await endOf(child)
  t.equal(code, 0, stderr)
  t.strictSame(JSON.parse(stdout), ['thrown at logged-in', 'logged-in', 'thrown at logged-out', 'logged-out'])
})
