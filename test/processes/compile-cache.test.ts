/** Compiled code is executed, so it is read from a folder that nobody else can have written, or from none. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { privateFolder } from '../../src/process/compile-cache.ts'
import { root } from '../helpers/places.ts'
import { environment, temporaryFolder } from '../helpers/process.ts'

const us = process.getuid?.() ?? -1

t.test('a private folder is made for us alone, and taken again', async t => {
  const parent = realpathSync(await temporaryFolder(t))
  const folder = join(parent, 'cache')
  t.equal(privateFolder(folder), folder)
  t.equal(lstatSync(folder).mode & 0o7777, 0o700)
  t.equal(privateFolder(folder), folder)
})

t.test('a folder that others could have filled is not taken', async t => {
  const parent = await temporaryFolder(t)
  const make = (name: string, mode: number) => {
    mkdirSync(join(parent, name))
    chmodSync(join(parent, name), mode)
    return join(parent, name)
  }
  for (const mode of [0o777, 0o770, 0o720, 0o702, 0o755, 0o750, 0o1777, 0o500]) {
    t.equal(privateFolder(make(`mode-${mode}`, mode)), undefined, mode.toString(8))
  }
  symlinkSync(make('elsewhere', 0o700), join(parent, 'link'))
  t.equal(privateFolder(join(parent, 'link')), undefined, 'a symbolic link')
  writeFileSync(join(parent, 'file'), '', { mode: 0o700 })
  t.equal(privateFolder(join(parent, 'file')), undefined, 'a file')
  t.equal(privateFolder(make('theirs', 0o700), us + 1), undefined, 'of another owner')
  t.equal(privateFolder(join(parent, 'none', 'cache')), undefined, 'in a folder that is not there')
})

t.test('a folder that others could exchange is not taken, however far above they can write', async t => {
  const top = await temporaryFolder(t)
  mkdirSync(join(top, 'a', 'b'), { recursive: true })
  for (const open of [top, join(top, 'a'), join(top, 'a', 'b')]) {
    for (const mode of [0o775, 0o757, 0o777]) {
      chmodSync(open, mode)
      t.equal(privateFolder(join(top, 'a', 'b', 'cache')), undefined, `${open} ${mode.toString(8)}`)
    }
    chmodSync(open, 0o755)
  }
  t.ok(privateFolder(join(top, 'a', 'b', 'cache')))
  t.equal(privateFolder(join(tmpdir(), 'signet-cache')), undefined, 'directly in the folder for temporary files')
  symlinkSync(join(top, 'a'), join(top, 'way'))
  chmodSync(join(top, 'a'), 0o777)
  t.equal(privateFolder(join(top, 'way', 'b', 'cache')), undefined, 'by way of a link')
})

t.test("a folder of another user's, and one in it, are not taken", { skip: us !== 0 && 'needs root' }, async t => {
  const parent = await temporaryFolder(t)
  mkdirSync(join(parent, 'theirs', 'ours'), { recursive: true, mode: 0o700 })
  chownSync(join(parent, 'theirs'), 4242, 4242)
  t.equal(privateFolder(join(parent, 'theirs')), undefined)
  t.equal(privateFolder(join(parent, 'theirs', 'ours')), undefined)
})

t.test('neither the service nor the command line uses the folder for temporary files', async t => {
  const temporary = await temporaryFolder(t)
  const run = (entry: string, ...args: string[]) =>
    spawnSync(process.execPath, [entry, ...args], {
      cwd: root,
      env: environment({ TMPDIR: temporary, JWT_SECRET_KEY: 'short' }),
      encoding: 'utf8',
    })
  t.equal(run('src/server.ts').status, 1)
  t.equal(run('src/cli.ts', 'users', '--help').status, 0)
  t.strictSame(readdirSync(temporary), [])
})

/** In place of the service and of the command line. */
const tellsWhereItIsKept = `import { getCompileCacheDir } from 'node:module'
process.stdout.write(String(getCompileCacheDir()))
export const main = () => 0
`

t.test('compiled code of all that an entry loads is kept beside the sources, or beside dist/', async t => {
  for (const [name, from, entry, loaded] of [
    ['signet', 'src', 'server.ts', 'process/serve.ts'],
    ['signet', 'dist/src', 'server.ts', 'process/serve.ts'],
    ['signet-dist', 'src', 'cli.ts', 'cli/main.ts'],
  ] as const) {
    const copy = join(realpathSync(await temporaryFolder(t)), name)
    for (const file of [entry, 'process/node-version.ts', 'process/compile-cache.ts', 'base/package-root.ts']) {
      cpSync(join(root, 'src', file), join(copy, from, file))
    }
    writeFileSync(join(copy, 'package.json'), '{"type":"module"}')
    mkdirSync(dirname(join(copy, from, loaded)), { recursive: true })
    writeFileSync(join(copy, from, loaded), tellsWhereItIsKept)
    const where = execFileSync(process.execPath, [join(copy, from, entry)], { env: environment(), encoding: 'utf8' })
    t.ok(where.startsWith(join(copy, '.compile-cache')), `${join(name, from, entry)}: ${where}`)
  }
})
