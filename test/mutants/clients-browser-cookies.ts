import type { Mutant } from './mutant.ts'

const file = 'clients/signet-client/src/client.ts'
const tests = ['clients/signet-client/test/cookies.test.ts']

/** The library for pages in cookie mode, where no script sees a token; and tabs that come back. */
export const mutants: readonly Mutant[] = [
  {
    name: 'after a refresh by cookie nobody knows who is logged in',
    file,
    find: '    if (was && next) next.user ??= was\n',
    replace: '',
    tests,
  },
  {
    name: 'who has no cookie any more seems to be logged in',
    file,
    find: "if (status !== 401 && (isBearer || code !== 'invalid_request')) throw error",
    replace: 'if (status !== 401) throw error',
    tests,
  },
  {
    name: 'the end of a session before ends the login of now',
    file,
    find: '      comeBack() // it may have been a login before this one\n',
    replace: '      forget(type)\n',
    tests,
  },
  {
    name: 'the end of a session is not looked at',
    file,
    find: '      comeBack() // it may have been a login before this one\n',
    replace: '      return\n',
    tests,
  },
  {
    name: 'a refresh that is under way goes on beside a login',
    file,
    find: '    flight?.abort()\n    turn = {}',
    replace: '    turn = {}',
    tests,
  },
  {
    name: 'a page that comes back does not look whether it is still logged in, and does when it is left',
    file: 'clients/signet-client/src/tabs.ts',
    find: 'page.hidden || comeBack()',
    replace: 'page.hidden && comeBack()',
    tests: ['clients/signet-client/test/tabs.test.ts'],
    only: 'a page that was hidden',
  },
  {
    name: 'a page that comes back from the cache does not look whether it is still logged in',
    file: 'clients/signet-client/src/tabs.ts',
    find: "    addEventListener('pageshow', comeBack)\n",
    replace: '',
    tests: ['clients/signet-client/test/tabs.test.ts'],
    only: 'a page that was hidden',
  },
  {
    name: 'what another tab has stored is not looked at',
    file: 'clients/signet-client/src/tabs.ts',
    find: 'event.key === name && comeBack()',
    replace: 'event.key !== name && comeBack()',
    tests: ['clients/signet-client/test/tabs.test.ts'],
    only: 'a page that was hidden',
  },
]
