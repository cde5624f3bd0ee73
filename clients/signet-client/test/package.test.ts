/** What is published: its size, its files, and that it works where it was installed. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { root } from '../../../test/helpers/places.ts'
import { environment, temporaryFolder } from '../../../test/helpers/process.ts'
import { library } from './pages.ts'
import { startSignet } from './setup.ts'

const run = promisify(execFile)
const packageFolder = join(import.meta.dirname, '..')

t.test('minified and compressed it is 3 kB at most', async t => {
  const size = brotliCompressSync(library).length
  t.comment(
    `${library.length} bytes minified, ${size} with brotli, ${gzipSync(library, { level: 9 }).length} with gzip`,
  )
  t.ok(size <= 3000, `${size} bytes`)
})

t.test('it depends on nothing', async t => {
  const manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'))
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) t.notOk(kind in manifest, kind)
  const licenses = await Promise.all([root, packageFolder].map(folder => readFile(join(folder, 'LICENSE'), 'utf8')))
  t.equal(licenses[0], licenses[1])
})

const program = `
import { createSignet, SignetError, type SignetEvent, type User } from 'signet-client'
const signet = createSignet({ url: process.argv[2] ?? '', mode: 'bearer' })
const events: SignetEvent['type'][] = []
const stop: () => void = signet.subscribe(({ type }) => events.push(type))
const user: User = await signet.login('maria', 'demo123')
const response: Response = await signet.fetch(new URL('/me', process.argv[2]))
const { username } = (await response.json()) as User
const refused: string = await signet.changePassword('wrong', 'wrong').then(() => '', error => (error as SignetError).code)
await signet.logout()
stop()
console.log(JSON.stringify([user.user_id, username, refused, events, signet.user]))
`

t.test('packed and installed into an empty project it works there, with types', { timeout: 500_000 }, async t => {
  const folder = await temporaryFolder(t)
  const npm = (...args: string[]) => run('npm', [...args, '--json'], { cwd: folder, env: environment() })
  const packed = JSON.parse((await npm('pack', packageFolder)).stdout)
  const [{ filename, files }] = Array.isArray(packed) ? packed : [Object.values(packed)[0]]
  const modules = (await readdir(join(packageFolder, 'src'))).map(file => file.replace('.ts', ''))
  const built = modules.flatMap(name => [`dist/${name}.d.ts`, `dist/${name}.js`])
  const paths = files.map(({ path }: { path: string }) => path)
  t.strictSame(paths.sort(), ['LICENSE', 'README.md', 'package.json', ...built].sort())

  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}')
  await npm('install', '--offline', '--no-audit', '--no-fund', join(folder, filename))
  await writeFile(join(folder, 'app.ts'), program)
  const lib = ['--lib', 'es2022,dom', '--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')]
  const strict = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--outDir', '.']
  await run(join(root, 'node_modules/.bin/tsc'), ['app.ts', ...lib, ...strict], { cwd: folder })

  const { url } = await startSignet(t)
  // The machine's own Node is an older one, as a rule: 20 and newer will do.
  const nodes = [process.execPath, '/usr/bin/node'].filter(existsSync)
  for (const node of nodes) {
    const [major] = (await run(node, ['-p', 'process.versions.node'])).stdout.split('.')
    if (Number(major) < 20) continue
    const { stdout } = await run(node, ['app.js', url], { cwd: folder, env: environment() })
    const events = ['logged-in', 'logged-out']
    t.strictSame(JSON.parse(stdout), ['user-2', 'maria', 'invalid_credentials', events, null], `Node ${major}`)
  }
})
