/** Whoever reads a comment or a page can look up what it cites: it is in this repository, or public. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { root } from './helpers/places.ts'

const rooms = '{src,plugins,routes,test,bench,tools,clients,examples,deploy,docs,practice,lab}'
const files = globSync(
  [
    `${rooms}/**/*.{ts,js,md,conf,cfg,yaml,json}`,
    `${rooms}/**/Caddyfile`,
    '*.md',
    'Dockerfile',
    'compose.yaml',
    '.env.*',
    '.ci/*',
  ],
  { cwd: root, exclude: name => /(^|\/)(node_modules|dist)(\/|$)/.test(name) },
).filter(file => file !== 'test/citations.test.ts')
const texts = files.map(file => [file, readFileSync(join(root, file), 'utf8')] as const)
const pages = new Set(files.map(file => basename(file)).filter(name => name.endsWith('.md')))

t.test('every page and every file that is named is there', t => {
  t.ok(files.length > 400, `${files.length} files`)
  for (const [file, text] of texts) {
    for (const [page] of text.matchAll(/\b[\w-]+\.md\b/g)) t.ok(pages.has(page), `${file} cites ${page}`)
    for (const [path] of text.matchAll(
      /(?<![\w/.-])(?:src|test|plugins|routes|docs|bench|tools)\/[\w./-]+\.(?:ts|md|conf)\b/g,
    )) {
      if (path.includes('NAME')) continue // of a recipe
      const near = [root, join(root, dirname(file)), ...packageOf(file)]
      t.ok(
        near.some(folder => existsSync(join(folder, path))),
        `${file} cites ${path}`,
      )
    }
  }
  t.end()
})

/** Inside clients/ a path may begin at the package. */
function packageOf(file: string): string[] {
  const [, name] = /^(clients\/[^/]+)\//.exec(file) ?? []
  return name === undefined ? [] : [join(root, name)]
}

t.test('a section is of a standard that is named with it, never of a paper that only its author has', t => {
  const standards = /\b(?:RFC|NIST|UAX|UTS|Unicode|Fetch|OWASP|ASVS|WebAuthn|OpenAPI|OpenID|ECMA)\b/
  for (const [file, text] of texts) {
    const flat = text.replace(/\s*\n\s*(?:\*|\/\/|#)?\s*/g, ' ')
    t.notMatch(flat, /\bcontract,? (?:section|chapter|\d)|\bsection \S+ of the contract/i, file)
    for (const { index } of flat.matchAll(/\bsections? [\d"]/g)) {
      t.match(flat.slice(Math.max(0, index - 120), index), standards, `${file}: ${flat.slice(index - 40, index + 20)}`)
    }
  }
  t.end()
})
