/** Files that hold one value: a pipe comes in pieces, some files never end, and none stays open. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readSmallFile } from '../../src/base/read-small-file.ts'
import { temporaryFolder } from '../helpers/process.ts'

t.test('what comes in pieces is read to its end', async t => {
  const path = join(await temporaryFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  // Two writes with time between them, so that the first read finds half.
  spawn('sh', ['-c', '{ printf half; sleep 0.2; printf whole; } > "$1"', 'sh', path], { stdio: 'ignore' })
  t.strictSame(readSmallFile(path), { text: 'halfwhole' })
})

t.test('a file of more than 1 MiB, or without an end, is a mistake', async t => {
  const path = join(await temporaryFolder(t), 'large')
  writeFileSync(path, 'x'.repeat(1_048_576))
  t.match(readSmallFile(path), { text: /^x+$/ })
  writeFileSync(path, 'x'.repeat(1_048_577))
  for (const one of [path, '/dev/zero']) t.strictSame(readSmallFile(one), { mistake: 'is larger than 1 MiB' }, one)
})

t.test('what is no text is a mistake', async t => {
  const path = join(await temporaryFolder(t), 'bytes')
  for (const bytes of [Buffer.from([0xff, 0xfe, 0x41]), 'abc\0def']) {
    writeFileSync(path, bytes)
    t.match(readSmallFile(path), { mistake: /^is not UTF-8 text/ })
  }
  t.strictSame(readSmallFile(join(path, 'below')), { mistake: 'cannot be read (ENOTDIR)' })
})

const open = '/proc/self/fd'
t.test('no file stays open, whatever is in it', { skip: !existsSync(open) && `there is no ${open}` }, async t => {
  const path = join(await temporaryFolder(t), 'value')
  const before = readdirSync(open).length
  for (const text of ['value', '\0', Buffer.from([0xff])]) {
    writeFileSync(path, text)
    for (let i = 0; i < 5; i++) readSmallFile(path)
  }
  t.equal(readdirSync(open).length, before)
})
