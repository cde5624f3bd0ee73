import type { Mutant } from './mutant.ts'

/** Settings that are read and do not arrive, and edges of what may be. */
export const mutants: readonly Mutant[] = [
  {
    name: 'a secret of 32 characters is too short for a resource server',
    file: 'src/config/rules.ts',
    find: '[...secret].length < 32',
    replace: '[...secret].length <= 32',
    tests: ['test/config/passed-on.test.ts'],
  },
  {
    name: 'DATABASE_POOL does not arrive',
    file: 'src/config/rules.ts',
    find: 'readDatabaseUrl(DATABASE_URL, DATABASE_POOL)',
    replace: '(void DATABASE_POOL, readDatabaseUrl(DATABASE_URL))',
    tests: ['test/config/passed-on.test.ts'],
  },
  {
    name: 'commands on keys know one lifetime of tokens',
    file: 'src/config/config.ts',
    find: '    rotationDays: values.KEY_ROTATION_DAYS,\n    accessTokenSeconds: values.JWT_ACCESS_TOKEN_EXPIRES,\n  }\n',
    replace: '    rotationDays: values.KEY_ROTATION_DAYS,\n    accessTokenSeconds: 900,\n  }\n',
    tests: ['test/config/passed-on.test.ts'],
  },
  {
    name: 'HASH_QUEUE does not arrive',
    file: 'src/config/config.ts',
    find: '    hashQueue: values.HASH_QUEUE,\n',
    replace: '    hashQueue: undefined,\n',
    tests: ['test/config/passed-on.test.ts'],
  },
  {
    name: 'MAIL_TEMPLATES does not arrive',
    file: 'src/config/mail-settings.ts',
    find: 'templates: values.MAIL_TEMPLATES,',
    replace: 'templates: undefined,',
    tests: ['test/config/passed-on.test.ts'],
  },
  {
    name: 'the longest lifetime of an access token is one too long',
    file: 'src/config/config.ts',
    find: 'if (values.JWT_ACCESS_TOKEN_EXPIRES > values.JWT_REFRESH_TOKEN_EXPIRES) {',
    replace: 'if (values.JWT_ACCESS_TOKEN_EXPIRES >= values.JWT_REFRESH_TOKEN_EXPIRES) {',
    tests: ['test/config/passed-on.test.ts', 'test/config/mistakes.test.ts', 'test/config/config.test.ts'],
  },
]
