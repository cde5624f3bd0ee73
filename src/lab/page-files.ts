/** The files of the page, as `npm run build:lab` left them; they are not in the image, where the lab cannot run anyway. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'

export interface PageFile {
  /** Below /lab. */
  readonly path: string
  readonly type: string
  readonly content: Buffer
}

const files = [
  { path: '', name: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.js', name: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page.css', name: 'page.css', type: 'text/css; charset=utf-8' },
]

/** @throws {Error} when the page was not built */
export async function readPageFiles(): Promise<PageFile[]> {
  const folder = join(packageRoot, 'dist', 'lab')
  try {
    return await Promise.all(
      files.map(async ({ path, name, type }) => ({ path, type, content: await readFile(join(folder, name)) })),
    )
  } catch (cause) {
    throw new Error('LAB needs its page, which `npm run build:lab` makes', { cause })
  }
}

/** Everything from here, and nothing else. Scripts may write no markup as text. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types',
].join('; ')
