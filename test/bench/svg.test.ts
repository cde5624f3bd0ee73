/** The charts say what was measured: a bar is as long as its value, a point stands where its value belongs. */
import t from 'tap'
import { barChart, lineChart, ticksTo } from '../../bench/report/svg.ts'

t.test('an axis has four to eleven round marks, from 0 to past the most', t => {
  for (const most of [0.013, 0.48, 0.97, 1, 1.31, 9.9, 10, 99, 100, 101, 12_200, 250_000]) {
    const marks = ticksTo(most)
    t.equal(marks[0], 0)
    t.ok((marks.at(-1) ?? 0) >= most * (1 - 1e-9), `${most}: ${marks}`)
    t.ok(marks.length >= 4 && marks.length <= 11, `${most}: ${marks}`)
  }
  t.end()
})

t.test('bars are as long as their values, ours has another colour, and names are escaped', t => {
  const bars = [
    { label: 'a <b> & "c"', value: 1, spread: [1, 1], isOurs: false },
    { label: 'Signet', value: 0.5, spread: [0.25, 0.75], isOurs: true },
  ] as const
  const chart = barChart('title', 'ratio', bars)
  const [other, ours] = [...chart.matchAll(/<rect x="310" .*?width="([\d.]+)".*?fill="(.*?)"/g)]
  t.equal(Number(ours?.[1]) / Number(other?.[1]), 0.5)
  t.not(ours?.[2], other?.[2])
  const [, from, to] = /<line x1="([\d.]+)" y1="67" x2="([\d.]+)" y2="67"/.exec(chart) ?? []
  t.equal(Number(to) - Number(from), Number(ours?.[1]), 'the spread from a quarter to three')
  t.match(chart, 'a &#60;b&#62; &#38; &#34;c&#34;')
  t.end()
})

t.test('a line goes by the logarithm sideways, and upwards as it is, or by the logarithm as well', t => {
  const lines = [
    {
      label: 'one',
      points: [
        [1, 0],
        [10, 50],
        [100, 100],
      ],
    },
  ] as const
  const at = (chart: string) =>
    /points="([^"]+)"/
      .exec(chart)?.[1]
      ?.split(' ')
      .map(pair => pair.split(',').map(Number))
  t.strictSame(at(lineChart('title', 'x', lines, { compress: false })), [
    [60, 354],
    [300, 194],
    [540, 34],
  ])
  const [lowest, middle, highest] = at(lineChart('title', 'x', lines, { compress: true })) ?? []
  t.strictSame(
    [lowest, highest],
    [
      [60, 354],
      [540, 34],
    ],
  )
  t.ok((middle?.[1] ?? 999) < 90, 'half of the most is nearly up')
  t.end()
})
