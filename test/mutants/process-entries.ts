import type { Mutant } from './mutant.ts'

/** What src/server.ts and src/cli.ts do before anything else is loaded. */
export const mutants: readonly Mutant[] = [
  {
    name: 'Node 24.6 is new enough',
    file: 'src/process/node-version.ts',
    find: 'minor < 7',
    replace: 'minor < 6',
    tests: ['test/engines.test.ts'],
  },
  {
    name: 'Node 24.7 is too old',
    file: 'src/process/node-version.ts',
    find: 'minor < 7',
    replace: 'minor <= 7',
    tests: ['test/engines.test.ts'],
  },
  {
    name: 'the service is loaded before compiled code is kept',
    file: 'src/server.ts',
    find: "keepCompiledCode()\nawait import('./process/serve.ts')\n",
    replace: "await import('./process/serve.ts')\nkeepCompiledCode()\n",
    tests: ['test/processes/compile-cache.test.ts'],
  },
  {
    name: 'a command is loaded before compiled code is kept',
    file: 'src/cli.ts',
    find: "keepCompiledCode() // for what is loaded from here on: half of the time a short command takes\nconst { main } = await import('./cli/main.ts')\n",
    replace: "const { main } = await import('./cli/main.ts')\nkeepCompiledCode()\n",
    tests: ['test/processes/compile-cache.test.ts'],
  },
]
