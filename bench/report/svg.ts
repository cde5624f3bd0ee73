/** Charts as SVG, written by hand: horizontal bars with their spread, and lines over a logarithmic axis. */

export interface Bar {
  readonly label: string
  readonly value: number
  /** From the least to the most. */
  readonly spread: readonly [number, number]
  readonly isOurs: boolean
}

const [ours, others, ink, grid] = ['#1b6e8c', '#b8c4c9', '#222', '#ddd']

export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const [left, width, row, top] = [310, 480, 22, 34]
  const bottom = top + bars.length * row
  const marks = ticksTo(Math.max(...bars.map(({ spread: [, most] }) => most)))
  const x = (value: number) => left + (value / (marks.at(-1) ?? 1)) * width
  const drawn = bars.map(({ label, value, spread: [least, most], isOurs }, i) => {
    const y = top + i * row
    const middle = y + row / 2
    return [
      text(left - 8, middle + 4, label, 'end'),
      `<rect x="${left}" y="${y + 4}" width="${one(x(value) - left)}" height="14" fill="${isOurs ? ours : others}"/>`,
      line(x(least), middle, x(most), middle, ink),
    ].join('')
  })
  const axis = marks.map(mark => line(x(mark), top, x(mark), bottom, grid) + text(x(mark), bottom + 16, shown(mark)))
  const names = [heading(left, title), text(left + width / 2, bottom + 34, unit)]
  return svg(left + width + 40, bottom + 46, [...axis, ...drawn, ...names])
}

export interface Line {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/**
 * @param options.compress whether the upright axis grows with the logarithm as well, from 0 on
 * @param options.even whether the other one is of seconds from 0 on, and no logarithm
 */
export function lineChart(
  title: string,
  unit: string,
  lines: readonly Line[],
  options: { compress: boolean; even?: boolean },
): string {
  const [left, width, top, height] = [60, 480, 34, 320]
  const all = lines.flatMap(({ points }) => points)
  const [from, to] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))]
  const most = Math.max(...all.map(([, y]) => y))
  const upright = options.compress ? [0, ...powersWithin(1, most)] : ticksTo(most)
  const highest = Math.max(most, ...upright)
  const grown = (value: number) => (options.compress ? Math.log1p(value) : value)
  const part = (value: number) => (options.even ? value / to : Math.log(value / from) / Math.log(to / from))
  const x = (value: number) => left + part(value) * width
  const y = (value: number) => top + height - (grown(value) / grown(highest)) * height
  const axes = [
    ...(options.even ? ticksTo(to).filter(at => at <= to) : powersWithin(from, to)).map(
      at => line(x(at), top, x(at), top + height, grid) + text(x(at), top + height + 16, shown(at)),
    ),
    ...upright.map(at => line(left, y(at), left + width, y(at), grid) + text(left - 6, y(at) + 4, shown(at), 'end')),
  ]
  const drawn = lines.map(({ label, points }, i) => {
    const colour = colours[i % colours.length]
    const path = points.map(([at, value]) => `${one(x(at))},${one(y(value))}`).join(' ')
    const key = top + 10 + i * 18
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<rect x="${left + width + 16}" y="${key - 8}" width="10" height="10" fill="${colour}"/>`,
      text(left + width + 32, key + 1, label, 'start'),
    ].join('')
  })
  const names = [heading(left, title), text(left + width / 2, top + height + 34, unit)]
  return svg(left + width + 330, top + height + 46, [...axes, ...drawn, ...names])
}

/** Tableau's ten. */
const colours = [
  '#4c78a8',
  '#f58518',
  '#e45756',
  '#72b7b2',
  '#54a24b',
  '#eeca3b',
  '#b279a2',
  '#ff9da6',
  '#9d755d',
  '#bab0ac',
]

/** Four to ten round numbers from 0 on; the last is not below `most`. */
export function ticksTo(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most))
  const step = [0.2, 0.5, 1, 2].map(part => part * power).find(step => most / step <= 9) ?? power
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step)
}

function powersWithin(from: number, to: number): number[] {
  const powers: number[] = []
  for (let at = Math.ceil(Math.log10(from) - 1e-9); at <= Math.log10(to) + 1e-9; at++) powers.push(10 ** at)
  return powers
}

function svg(width: number, height: number, parts: readonly string[]): string {
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  const start = `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12" fill="${ink}">`
  return [start, '<rect width="100%" height="100%" fill="white"/>', ...parts, '</svg>', ''].join('\n')
}

function heading(x: number, title: string): string {
  return `<text x="${x}" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>`
}

function text(x: number, y: number, content: string, anchor = 'middle'): string {
  return `<text x="${one(x)}" y="${one(y)}" text-anchor="${anchor}">${escaped(content)}</text>`
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${one(x1)}" y1="${one(y1)}" x2="${one(x2)}" y2="${one(y2)}" stroke="${colour}"/>`
}

/** With at most one decimal: a tenth of a pixel. */
const one = (pixels: number) => Math.round(pixels * 10) / 10
const shown = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US')
const escaped = (content: string) => content.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
