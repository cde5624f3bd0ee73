/** docs/metrics.md, the dashboard and the alert rules know every series, and no other. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { auditTo } from '../../src/base/audit.ts'
import { createClockWatch } from '../../src/sessions/clock-watch.ts'
import { testApp } from '../helpers/app.ts'
import { parseExposition, type Series } from '../helpers/exposition.ts'
import { memoryMail } from '../helpers/mail.ts'
import { root } from '../helpers/places.ts'
import { freePort } from '../helpers/process.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** Under ES256 and with mail, which have series of their own, and with one request, so that every series has a sample. */
async function allSeries(t: Test): Promise<Map<string, Series>> {
  const metricsPort = await freePort()
  const { app } = await testApp(t, { metricsPort, algorithm: 'ES256', mail: memoryMail })
  await app.inject('/health/live')
  return parseExposition(await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text())
}

/** Every PromQL expression of the dashboard and the alert rules, with where it stands. */
function expressions(): [string, string][] {
  const { panels, templating } = JSON.parse(read('deploy/grafana/signet.json'))
  const found: [string, string][] = []
  for (const { title, targets } of panels) for (const { expr } of targets) found.push([`panel ${title}`, expr])
  for (const { name, query } of templating.list) if (query?.query) found.push([`variable ${name}`, query.query])
  for (const { alert, expr } of alerts()) found.push([`alert ${alert}`, expr])
  return found
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly annotations: { readonly summary: string }
}

function alerts(): Rule[] {
  return parse(read('deploy/prometheus/alerts.yaml')).groups.flatMap(({ rules }: { rules: Rule[] }) => rules)
}

t.test('docs/metrics.md lists exactly our series', async t => {
  const ours = [...(await allSeries(t))].filter(([name]) => name.startsWith('signet_'))
  const rows = ours.map(([name, { type, help, samples }]) => {
    const labels = Object.keys(samples[0]?.labels ?? {}).filter(label => label !== 'le')
    return `| \`${name}\` | ${type} | ${labels.map(label => `\`${label}\``).join(', ')} | ${help} |`
  })

  const documented = read('docs/metrics.md').match(/^\| `signet_.*$/gm) ?? []
  t.strictSame([...documented].sort(), rows.sort())
})

t.test('every expression names series, labels and values that exist', async t => {
  const all = await allSeries(t)
  const samples = [...all.values()].flatMap(series => series.samples)
  const ofTheScrape = new Set(['instance', 'job'])

  const used = new Set<string>()
  for (const [where, expression] of expressions()) {
    const selectors = [...expression.matchAll(/\b((?:signet|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)]
    t.ok(selectors.length > 0 || expression.startsWith('up{'), `${where} asks for a series`)
    for (const [, name = '', matchers = ''] of selectors) {
      const here = samples.filter(sample => sample.name === name)
      t.ok(here.length > 0, `${where}: ${name}`)
      used.add(name.replace(/_(bucket|count)$/, ''))
      for (const [, label = '', isPattern, value] of matchers.matchAll(/(\w+)=(~?)"([^"]*)"/g)) {
        if (ofTheScrape.has(label)) continue
        const wanted = isPattern ? (value ?? '').split('|') : [value]
        for (const one of wanted) {
          t.ok(
            here.some(({ labels }) => labels[label] === one),
            `${where}: ${name} has ${label}="${one}"`,
          )
        }
      }
    }
    for (const [, list = ''] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
      const known = new Set(samples.filter(({ name }) => expression.includes(name)).flatMap(s => Object.keys(s.labels)))
      for (const label of list.split(/, ?/)) t.ok(known.has(label) || ofTheScrape.has(label), `${where}: by ${label}`)
    }
  }
  const ours = [...all.keys()].filter(name => name.startsWith('signet_'))
  t.strictSame([...used].filter(name => name.startsWith('signet_')).sort(), ours.sort(), 'and none is left out')
})

t.test('every alert says what to do, and docs/metrics.md lists it', async t => {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `(Signet\w+)` \|/gm)].map(([, name]) => name)

  t.strictSame(
    rows,
    alerts().map(({ alert }) => alert),
  )
  for (const { alert, annotations } of alerts()) t.ok(annotations.summary.length > 60, alert)
})

/** What docs/metrics.md says of an expression, where that is more than that something was not 0. */
const limits: readonly (readonly [alert: string, limit: string, says: string])[] = [
  ['SignetDown', 'up{job="signet"} == 0', 'no metrics'],
  ['SignetManyFailedLogins', '> 1 + 4 * sum', 'more than 1 a second and 4 of 5'],
  ['SignetRevocationListOld', ' > 10', 'for 10 seconds'],
  ['SignetClockWrong', ' > 5', 'more than 5 seconds'],
  ['SignetEventLoopDelayed', '{quantile="0.99"} > 0.1', '1 of 100 turns of the event loop was 0.1 s late'],
  ['SignetClientsShareOneAddress', ' == 1', ''],
  ['SignetMailWaits', ' > 300', 'more than 5 minutes'],
  ['SignetSigningKeyOld', ' > 100 * 86400', '100 days'],
]

t.test('an alert fires when docs/metrics.md says', async t => {
  const inWords = (time: string) => ({ '1m': 'a minute', '1h': 'hour' })[time] ?? time.replace('m', ' minutes')
  for (const { alert, expr, for: time = '' } of alerts()) {
    const [, says = ''] = new RegExp(`^\\| \`${alert}\` \\| (.*) \\|$`, 'm').exec(read('docs/metrics.md')) ?? []
    // Of a key that is months old nobody is told of the hour.
    if (time.endsWith('m')) t.match(says, new RegExp(`\\b${inWords(time)}`), `${alert}: ${time}`)
    const [, window] = /increase\(.*\[(\w+)\]/.exec(expr) ?? []
    if (window) t.match(says, `in the last ${inWords(window)}`, alert)
    const [, limit = ' > 0', of = ''] = limits.find(([name]) => name === alert) ?? []
    t.ok(limit.endsWith('sum') ? expr.includes(limit) : expr.endsWith(limit), `${alert}: ${expr}`)
    t.ok(says.includes(of), `${alert}: ${says}`)
  }
})

t.test('a refresh that the log warns of has an alert, and no other has', async t => {
  const outcomes = (await allSeries(t)).get('signet_refreshes_total')?.samples.map(({ labels }) => labels['outcome'])
  const warnedOf: string[] = []
  const warn = (_: object, event: string) => void warnedOf.push(event.replace('refresh.', ''))
  const audit = auditTo({ info() {}, warn, error: warn })
  for (const outcome of outcomes ?? []) audit({ event: `refresh.${outcome as 'reuse'}` })

  const alerted = alerts().flatMap(({ expr }) => [...expr.matchAll(/signet_refreshes_total\{outcome=~?"([^"]*)"/g)])
  t.strictSame(alerted.flatMap(([, listed = '']) => listed.split('|')).toSorted(), warnedOf.toSorted())
})

t.test('an alert fires at the clocks that an instance is not ready for, ahead or behind', async t => {
  const expr = alerts().find(({ alert }) => alert === 'SignetClockWrong')?.expr ?? ''
  const [, abs, most] = /^(abs)?\(?signet_clock_ahead_seconds\)? > (\d+)$/.exec(expr) ?? []
  for (const ahead of [-60, -6, -5, 0, 5, 6, 60]) {
    const clocks = createClockWatch(
      () => 1_000,
      () => 0,
    )
    await clocks.hasJumped(async () => 1_000 - ahead)
    t.equal((abs ? Math.abs(ahead) : ahead) > Number(most), clocks.areApart(), `${ahead} s`)
  }
})
