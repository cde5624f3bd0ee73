/** The applications of examples/, run as whoever copies one of them runs it. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import type { Test } from 'tap'
import { root } from './places.ts'
import { environment, freePort, temporaryFolder, waitUntil } from './process.ts'

/** @returns its address, when it answers */
export async function startExample(t: Test, name: string, env: Record<string, string> = {}): Promise<{ port: number }> {
  const folder = await temporaryFolder(t)
  cpSync(join(root, 'examples', name), folder, { recursive: true })
  install(folder)
  const port = await freePort()
  const child = spawn(process.execPath, ['server.js'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment({ ...env, PORT: String(port) }),
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  await waitUntil(async () => {
    if (child.exitCode !== null) throw new Error(`the example ended with ${child.exitCode}:\n${output}`)
    return (await fetch(`http://127.0.0.1:${port}/`)).ok
  })
  return { port }
}

/** Our two packages as they are built, and all others as they are here: the test asks no registry. */
function install(folder: string): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const others = new Set<string>()
  for (const name of Object.keys(dependencies)) {
    const source = join(root, 'clients', name)
    const manifest = readManifest(source)
    if (!manifest) others.add(name)
    else {
      for (const one of Object.keys(manifest.dependencies ?? {})) others.add(one)
      cpSync(join(source, 'package.json'), join(modules, name, 'package.json'))
      const outfile = join(modules, name, 'dist', 'index.js')
      buildSync({
        entryPoints: [join(source, 'src', 'index.ts')],
        bundle: true,
        packages: 'external',
        format: 'esm',
        outfile,
      })
    }
  }
  for (const name of others) symlinkSync(join(root, 'node_modules', name), join(modules, name))
}

function readManifest(folder: string): { dependencies?: object } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch {
    return undefined
  }
}
