/**
 * The rooms of the house from the top down: `architecture.test.ts` holds the code to this table and docs/architecture.md
 * draws it. A room may use the storeys below it and itself; never one above, never a neighbour on its storey.
 */
export interface Room {
  readonly owns: string
  /** Files that decide by their arguments alone: no clock, no store, no chance, nothing that waits. */
  readonly pure?: readonly string[]
}

export const storeys: readonly Readonly<Record<string, Room>>[] = [
  { cli: { owns: 'the command line, one file a command' } },
  { process: { owns: 'what a running process is: start, stop, compiled code' } },
  { app: { owns: 'the Fastify app: options, then plugins, then routes' } },
  {
    routes: { owns: 'one file for each endpoint: parse, call once, answer' },
    plugins: { owns: 'Fastify glue, each named, with declared dependencies' },
  },
  { lab: { owns: 'instances of the service for a page on which tokens are seen to live', pure: ['guard', 'rules'] } },
  {
    wire: {
      owns: 'what has a form on the wire: bodies, headers, cookies, schemas',
      pure: [
        'account-schemas',
        'bearer',
        'forwarded-for',
        'identity-headers',
        'if-none-match',
        'openapi',
        'paging',
        'passkey-schemas',
        'required-claims',
        'sender',
        'session-schemas',
        'token-cookies',
        'token-response',
        'token-schemas',
        'user-schemas',
      ],
    },
    http: { owns: "what extends Fastify's own: log lines, serializers" },
    metrics: { owns: 'what is counted, and how it is told' },
    domain: { owns: 'puts the services together, for HTTP and the command line' },
  },
  { engines: { owns: 'SQLite and PostgreSQL, the only SQL' } },
  { tokens: { owns: 'access and refresh tokens: issue, refresh, verify', pure: ['freshness', 'refresh-token'] } },
  {
    users: { owns: 'what changes a user; import/ reads users of elsewhere', pure: ['account', 'last-admin'] },
    copy: { owns: 'moving everything from one database to another' },
  },
  {
    mail: {
      owns: 'messages, the links in them, and sending them',
      pure: ['deliverable', 'languages', 'purposes'],
    },
    factors: {
      owns: 'second factors, and the step between a password and a session',
      pure: ['base32', 'enrolment', 'secret-name', 'totp'],
    },
  },
  { login: { owns: 'checking a password, and how often one may try' } },
  {
    sessions: {
      owns: 'what "live" means, what a refresh decides, what ends a session',
      pure: ['live', 'session'],
    },
    keys: {
      owns: 'what is derived of the secret; data key; signing keys and their rotation',
      pure: ['rotation', 'secret'],
    },
    passwords: {
      owns: 'hashes of every kind, and which passwords are refused',
      pure: ['hash-bounds', 'hash-cost', 'imported-hash', 'pbkdf2-hash', 'scrypt-hash', 'stored-hash'],
    },
    names: { owns: 'canonical usernames and e-mail addresses', pure: ['email', 'folded'] },
  },
  { stores: { owns: 'the contract of the engines, in words and types' } },
  { jws: { owns: 'a signed text: split, sign, check; hosts @fastify/jwt', pure: ['hmac'] } },
  {
    config: {
      owns: 'environment variables: read, judged, explained',
      pure: [
        'database-url',
        'misspelt-variables',
        'public-url',
        'variables',
        'strength/known-secrets',
        'strength/predictable',
        'strength/runs',
        'strength/secret-weakness',
        'strength/words',
      ],
    },
  },
  {
    base: {
      owns: 'what everybody may know, and which knows nobody',
      pure: ['address', 'address-ranges', 'client', 'errors', 'iso-time', 'letter-distance', 'schema', 'text'],
    },
  },
]

/** Where a room's files are: most have a folder of their name in src/. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^routes\//, 'routes'],
  [/^plugins\//, 'plugins'],
  [/^src\/cli\.ts$/, 'cli'],
  [/^src\/server\.ts$/, 'process'],
  [/^src\/app\.ts$/, 'app'],
  [/^src\/domain\.ts$/, 'domain'],
]

/** The room a file stands in, by its path from the root; undefined when it stands in none. */
export function roomOf(path: string): string | undefined {
  const name = elsewhere.find(([pattern]) => pattern.test(path))?.[1] ?? /^src\/([a-z]+)\//.exec(path)?.[1]
  return name !== undefined && storeyOf(name) >= 0 ? name : undefined
}

/** 0 is the top. */
export function storeyOf(room: string): number {
  return storeys.findIndex(rooms => room in rooms)
}

/** As docs/architecture.md shows it: a line for each room, a rule between storeys. */
export function drawing(): string {
  const names = storeys.map(rooms => Object.entries(rooms).map(([name, { owns }]) => `${name.padEnd(10)}${owns}`))
  return names.map(lines => lines.join('\n')).join(`\n${'─'.repeat(10)}\n`)
}
