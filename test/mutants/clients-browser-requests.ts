import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [
  {
    name: 'a logout ends with the page that asked for it',
    file: 'clients/signet-client/src/requests.ts',
    find: '      keepalive: by === send, // lives on when the page goes: no answer with cookies is lost, no logout either\n',
    replace: '',
    tests: ['clients/signet-client/test/logout.test.ts'],
  },
  {
    name: 'news of another session of this browser ends the one of this tab',
    file: 'clients/signet-client/src/client.ts',
    find: 'if (sid && !lifetime && sid === session?.sid) forget(type)',
    replace: 'if (sid && !lifetime) forget(type)',
    tests: [
      'clients/signet-client/test/tabs.test.ts',
      'clients/signet-client/test/logout.test.ts',
      'clients/signet-client/test/refresh.test.ts',
      'clients/signet-client/test/listeners.test.ts',
    ],
  },
]
