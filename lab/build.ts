/** Bundles the page: `npm run build:lab`, and its tests. */
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** Writes `index.html`, `page.js` and `page.css` to `dist/lab`. */
export async function buildLab(): Promise<void> {
  await build({
    entryPoints: ['index.html', 'page.tsx', 'page.css'].map(name => join(root, 'lab', name)),
    outdir: join(root, 'dist', 'lab'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2023', 'chrome120', 'firefox121', 'safari17'],
    loader: { '.html': 'copy' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  })
}

if (import.meta.main) await buildLab()
