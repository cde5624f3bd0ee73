/** A copy of the tree, so that yours is never touched, whatever ends the run. */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Tree {
  readonly folder: string
  /** Undefined when there is no such file. */
  read(file: string): string | undefined
  write(file: string, text: string): void
}

/** What no test needs, or what the copy must not share. */
const left = new Set(['.git', '.tap', '.compile-cache', 'data', 'dist', 'node_modules', 'secrets'])

export function copyTree(): Tree {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signet-mutants-')))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.error(`stopped by ${signal}`)
      process.exit(130)
    })
  }
  const isWanted = (path: string) => !left.has(relative(root, path)) && !/^\.env(?!\.)/.test(relative(root, path))
  cpSync(root, folder, { recursive: true, filter: isWanted })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    folder,
    read(file) {
      try {
        return readFileSync(join(folder, file), 'utf8')
      } catch {
        return undefined
      }
    },
    write: (file, text) => writeFileSync(join(folder, file), text),
  }
}
