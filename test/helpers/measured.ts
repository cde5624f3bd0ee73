/** An app whose metrics are read over their own listener, as Prometheus reads them. */
import type { Test } from 'tap'
import { type Overrides, testApp } from './app.ts'
import { parseExposition } from './exposition.ts'
import { freePort } from './process.ts'

export async function measuredApp(t: Test, overrides: Overrides = {}) {
  const metricsPort = await freePort()
  const made = await testApp(t, { metricsPort, ...overrides })
  const url = `http://127.0.0.1:${metricsPort}/metrics`

  async function scrape() {
    const text = await (await fetch(url)).text()
    const all = parseExposition(text)
    /** The value of the one sample with exactly these labels. */
    function value(name: string, labels: Record<string, string> = {}): number | undefined {
      const samples = [...all.values()].flatMap(series => series.samples).filter(sample => sample.name === name)
      const wanted = JSON.stringify(Object.entries(labels).sort())
      return samples.find(sample => JSON.stringify(Object.entries(sample.labels).sort()) === wanted)?.value
    }
    /** All values of a series by its one label. */
    function by(name: string, label: string): Record<string, number> {
      const samples = all.get(name)?.samples ?? []
      return Object.fromEntries(samples.map(({ labels, value }) => [labels[label], value]))
    }
    return { text, all, value, by }
  }
  return { ...made, url, scrape }
}
