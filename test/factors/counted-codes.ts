import type { TestApp } from '../helpers/app.ts'

/** What the wrong codes counted as, one after the other. */
export function countsIn({ log }: TestApp): unknown[] {
  const audited = log.flatMap(line => JSON.parse(line).audit ?? [])
  return audited.filter(({ event }) => event === 'factor.failed').map(({ count }) => count)
}
