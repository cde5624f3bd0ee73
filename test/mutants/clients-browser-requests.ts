import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'a logout ends with the page that asked for it',
    file: 'clients/signet-client/src/requests.ts',
    find: '      keepalive: by === send, // lives on when the page goes: no answer with cookies is lost, no logout either\n',
    replace: '',
    tests: ['clients/signet-client/test/logout.test.ts'],
  },
]
