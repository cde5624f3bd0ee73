/**
 * Loaded before all else in a test file (`.taprc`). The runner would let every module pass through hooks, for mocks and for
 * coverage, in the file itself, in each of its worker threads and in each process that it starts; and it would follow every
 * promise, to say by which subtest an error was thrown that nobody caught. Nobody here asks for the first, an uncaught error
 * fails its file in any case, and together they take longer than the tests of most files. So none of it is set up.
 */
import hooks from 'node:async_hooks'
import { registerHooks, syncBuiltinESMExports } from 'node:module'

// A process that a test starts is as it would be without a test.
delete process.env['NODE_OPTIONS']

const setUp = /@tapjs\/(mock|processinfo|typescript)\/dist\/esm\/import\.mjs$/

const loading = registerHooks({
  resolve(specifier, context, next) {
    if (setUp.test(specifier)) return { url: 'data:text/javascript,', shortCircuit: true }
    loading.deregister() // it is the test
    return next(specifier, context)
  },
})

const none: hooks.AsyncHook = { enable: () => none, disable: () => none }
hooks.createHook = () => none
syncBuiltinESMExports()
