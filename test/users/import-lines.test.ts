import t from 'tap'
import { type ImportLine, linesOf, longestLine } from '../../src/users/import/import-lines.ts'

async function read(chunks: Iterable<Buffer>) {
  async function* all() {
    yield* chunks
  }
  const lines: ImportLine[] = []
  for await (const line of linesOf(all())) lines.push(line)
  return lines
}

t.test('lines have their numbers and their places, however the bytes come', async t => {
  const text = Buffer.from('\ufeffone\r\ntwö\n\nlast')
  for (const size of [1, 3, 100]) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.subarray(i * size, (i + 1) * size),
    )
    t.strictSame(await read(chunks), [
      { line: 1, bytes: 8, text: 'one' },
      { line: 2, bytes: 13, text: 'twö' },
      { line: 3, bytes: 14, text: '' },
      { line: 4, bytes: 18, text: 'last' },
    ])
  }
})

t.test('a line that is too long, or no UTF-8, costs itself and not the next one', async t => {
  const chunk = Buffer.alloc(10_000, 'x')
  const lines = await read([
    chunk,
    chunk,
    chunk,
    chunk,
    chunk,
    chunk,
    chunk,
    Buffer.from('\nnext\n'),
    Buffer.from([0xff, 10]),
  ])
  t.strictSame(
    lines.map(({ line, text }) => [line, text]),
    [
      [1, undefined],
      [2, 'next'],
      [3, undefined],
    ],
  )
  t.strictSame(
    (await read([Buffer.alloc(longestLine, 'x')])).map(({ text }) => text?.length),
    [longestLine],
  )
})

t.test('of a line that never ends no more is kept than a line may have', async t => {
  const chunk = Buffer.alloc(1_000_000, 'x')
  let most = 0
  const before = process.memoryUsage().arrayBuffers
  function* endless() {
    for (let i = 0; i < 60; i++) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      yield chunk
    }
  }
  t.match(await read(endless()), [{ line: 1, bytes: 60_000_000, text: undefined }])
  t.ok(most < 10_000_000, `${most} bytes`)
})
