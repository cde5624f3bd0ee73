/** Reads Prometheus' text format 0.0.4, and refuses whatever is not exactly that. */

export interface Series {
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The library writes `Nan`: Prometheus reads with Go's ParseFloat, to which upper and lower case are one. */
const numbers: Record<string, number> = { '+Inf': Infinity, '-Inf': -Infinity, NaN: NaN, Nan: NaN }

/** @throws {Error} quoting the line that is wrong */
export function parseExposition(text: string): Map<string, Series> {
  const all = new Map<string, Series>()
  const seen = new Set<string>()
  let current = ''
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const help = /^# HELP ([a-z][a-z0-9_]*) (\S.*)$/.exec(line)
    const type = /^# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram|summary)$/.exec(line)
    if (help) {
      current = help[1] as string
      if (all.has(current)) throw new Error(`twice: ${line}`)
      all.set(current, { help: help[2] as string, type: '', samples: [] })
    } else if (type) {
      if (type[1] !== current || all.get(current)?.type !== '') throw new Error(`out of place: ${line}`)
      all.set(current, { ...(all.get(current) as Series), type: type[2] as string })
    } else {
      const sample = parseSample(line)
      const series = all.get(current)
      if (!series || !suffixes(series.type).some(suffix => sample.name === current + suffix)) {
        throw new Error(`not of ${current}: ${line}`)
      }
      const key = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(key)) throw new Error(`twice: ${line}`)
      seen.add(key)
      series.samples.push(sample)
    }
  }
  return all
}

function suffixes(type: string): string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count']
  return type === 'summary' ? ['', '_sum', '_count'] : ['']
}

const pair = /[a-z_]+="(?:[^"\\]|\\["\\n])*"/.source
const sampleLine = new RegExp(`^([a-z][a-z0-9_]*)(?:\\{(${pair}(?:,${pair})*)\\})? (\\S+)$`)

function parseSample(line: string): Sample {
  const match = sampleLine.exec(line)
  if (!match) throw new Error(`not a sample: ${line}`)
  const [, name = '', pairs = '', number = ''] = match
  const value = numbers[number] ?? Number(number)
  if (Number.isNaN(value) && !(number in numbers)) throw new Error(`not a number: ${line}`)
  const labels = [...pairs.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text])
  return { name, labels: Object.fromEntries(labels), value }
}
