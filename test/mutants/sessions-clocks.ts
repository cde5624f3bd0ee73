import type { Mutant } from './mutant.ts'

/** Clocks that disagree with the database’s. */
export const mutants: readonly Mutant[] = [
  {
    name: 'clocks that are five seconds apart are apart',
    file: 'src/sessions/clock-watch.ts',
    find: 'Math.abs(ahead) > mostSecondsApart',
    replace: 'Math.abs(ahead) >= mostSecondsApart',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'that the clocks agree again is not told',
    file: 'src/sessions/clock-watch.ts',
    find: '    if (!areApart() && wereApart) log?.info({ aheadSeconds: ahead }, "this clock agrees with the database\'s again")\n',
    replace: '',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'a clock that went back is no jump',
    file: 'src/sessions/clock-watch.ts',
    find: 'return moved < 0 || moved < least - slackSeconds || moved > most + slackSeconds',
    replace: 'return moved > most + slackSeconds',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'a slow answer of the database is a jump',
    file: 'src/sessions/clock-watch.ts',
    find: 'const [least, most] = [next.asked - last.answered, next.answered - last.asked]',
    replace: 'const [least, most] = [passed, passed]',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'a slow answer of the database is a clock that is ahead',
    file: 'src/sessions/clock-watch.ts',
    find: 'ahead = there < before ? before - there : Math.min(0, reading.here - there)',
    replace: 'ahead = reading.here - there',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'only this clock is watched',
    file: 'src/sessions/clock-watch.ts',
    find: ' || isOff(next.there - last.there, least, most)',
    replace: '',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'a jump of a clock is forgotten at once',
    file: 'src/sessions/clock-watch.ts',
    find: '    if (jumped) jumpedAt = reading.answered\n',
    replace: '',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'that clocks are apart is told each second',
    file: 'src/sessions/clock-watch.ts',
    find: 'if (areApart() && !wereApart)',
    replace: 'if (areApart())',
    tests: ['test/sessions/clocks.test.ts'],
  },
  {
    name: 'a clock that jumped by ten seconds has not',
    file: 'src/sessions/clock-watch.ts',
    find: 'const slackSeconds = 2',
    replace: 'const slackSeconds = 10',
    tests: ['test/sessions/clocks.test.ts'],
  },
]
