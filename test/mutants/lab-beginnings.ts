import type { Mutant } from './mutant.ts'

/** How the lab begins, and begins anew. */
export const mutants: readonly Mutant[] = [
  {
    name: 'starting again throws away what nothing has happened to',
    file: 'src/lab/lab.ts',
    find: 'if (!isUntouched) await end()',
    replace: 'await end()',
    tests: ['test/lab/instances.test.ts'],
  },
  {
    name: 'a request that comes while the lab begins anew starts an instance',
    file: 'src/lab/instances.ts',
    find: '      isClosed = true\n      await stop()\n',
    replace: '      await stop()\n      isClosed = true\n',
    tests: ['test/lab/instances.test.ts'],
  },
  {
    name: 'a request that waited while the lab began anew starts an instance',
    file: 'src/lab/instances.ts',
    find: "    if (isClosed) throw new SignetError('unavailable', 'this",
    replace: "    if (isClosed && which === 'calm') throw new SignetError('unavailable', 'this",
    tests: ['test/lab/instances.test.ts'],
  },
  {
    name: 'whoever asks while the lab begins anew gets 503',
    file: 'src/lab/lab.ts',
    find: '    const former = current\n    current = undefined\n    await (await former)?.instances.close()',
    replace: '    const former = current\n    await (await former)?.instances.close()\n    current = undefined',
    tests: ['test/lab/instances.test.ts'],
    only: 'could not begin',
  },
  {
    name: 'a beginning that failed once fails for ever',
    file: 'src/lab/lab.ts',
    find: '      if (current === begun) current = undefined // whoever asks next tries again\n',
    replace: '',
    tests: ['test/lab/instances.test.ts'],
    only: 'could not begin',
  },
  {
    name: 'an instance that could not start does not after a restart either',
    file: 'src/lab/lab.ts',
    find: '      isUntouched = false\n      throw error',
    replace: '      throw error',
    tests: ['test/lab/instances.test.ts'],
    only: 'could not begin',
  },
  {
    name: 'an act that begins the lab is not undone by a restart',
    file: 'src/lab/lab.ts',
    find: '    const opened = bench()\n    isUntouched = false\n',
    replace: '    isUntouched = false\n    const opened = bench()\n',
    tests: ['test/lab/instances.test.ts'],
    only: 'could not begin',
  },
]
