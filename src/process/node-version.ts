/**
 * An older Node would fail somewhere in the middle, with a stack. So this is the first thing an entry imports, and the others
 * are loaded after it: what they import is looked for before any of their lines runs.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < 24 || (major === 24 && minor < 7)) {
  process.stderr.write(`signet: needs Node 24.7 or newer, this is ${process.versions.node}\n`)
  process.exit(1)
}
