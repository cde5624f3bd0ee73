/**
 * How often, how many, how long: in the suite as much as shows a mistake at once, and under `LONG=1`, which
 * `npm run test:long` sets, as much as finds what is rare.
 */
export const isLong = Boolean(process.env['LONG'])

/**
 * @param variable sets this amount alone, as in `KILL_ROUNDS=500 npm test -- test/processes/races.test.ts`
 * @throws when it is not a number: a test that repeats nothing would pass
 */
export function amount(variable: string, usual: number, long: number): number {
  const given = process.env[variable]
  const number = given ? Number(given) : isLong ? long : usual
  if (!(number >= 0)) throw new Error(`${variable} is not a number: ${given}`)
  return number
}
