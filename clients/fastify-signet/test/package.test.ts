/** What is published: its files, and that it works where it was installed, with types. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { environment, root, startSignet, temporaryFolder } from './setup.ts'

const run = promisify(execFile)
const packageFolder = join(import.meta.dirname, '..')

const program = `
import Fastify from 'fastify'
import signet, { type SignetOptions, type SignetUser } from 'fastify-signet'
const [url = '', token = ''] = process.argv.slice(2)
const options: SignetOptions = { url }
const app = Fastify()
await app.register(signet, options)
const mayPass = [app.authenticate, app.requireRole('user', 'admin')]
app.get('/orders', { onRequest: mayPass }, async request => {
  const user: SignetUser = request.user
  return { of: user.sub, role: user.role, ready: app.signet.isReady() }
})
const headers = { authorization: \`Bearer \${token}\` }
console.log((await app.inject({ url: '/orders', headers })).body)
console.log((await app.inject('/orders')).statusCode)
await app.close()
`

t.test('packed and installed into an empty project it works there, with types', { timeout: 500_000 }, async t => {
  const signet = await startSignet(t)
  const { access_token: token } = await signet.logIn()
  const folder = await temporaryFolder(t)
  const plain = (program: string, ...args: string[]) => run(program, args, { cwd: folder, env: environment() })
  const npm = (...args: string[]) => plain('npm', ...args, '--json')
  const packed = JSON.parse((await npm('pack', packageFolder)).stdout)
  const [{ filename, files }] = Array.isArray(packed) ? packed : [Object.values(packed)[0]]
  const modules = (await readdir(join(packageFolder, 'src'))).map(file => file.replace('.ts', ''))
  const built = modules.flatMap(name => [`dist/${name}.d.ts`, `dist/${name}.js`])
  const paths = files.map(({ path }: { path: string }) => path)
  t.strictSame(paths.sort(), ['LICENSE', 'README.md', 'package.json', ...built].sort())

  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}')
  // What it needs is that of this repository: the test asks no registry.
  const needed = ['fastify', 'fastify-plugin', 'jose'].map(name => join(root, 'node_modules', name))
  await npm('install', '--offline', '--no-audit', '--no-fund', join(folder, filename), ...needed)
  await writeFile(join(folder, 'app.ts'), program)
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types'), '--skipLibCheck']
  const strict = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--outDir', '.']
  await plain(join(root, 'node_modules/.bin/tsc'), 'app.ts', ...types, ...strict).catch(error => {
    throw new Error(error.stdout)
  })

  // The machine's own Node is an older one, as a rule: 20 and newer will do.
  for (const node of [process.execPath, '/usr/bin/node'].filter(existsSync)) {
    const [major] = (await run(node, ['-p', 'process.versions.node'])).stdout.split('.')
    if (Number(major) < 20) continue
    const { stdout } = await run(node, ['app.js', signet.url, token], { cwd: folder, env: environment() })
    t.equal(stdout, '{"of":"user-2","role":"user","ready":true}\n401\n', `Node ${major}`)
  }
  const licenses = await Promise.all([root, packageFolder].map(at => readFile(join(at, 'LICENSE'), 'utf8')))
  t.equal(licenses[0], licenses[1])
})
