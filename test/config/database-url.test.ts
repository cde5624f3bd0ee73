/** What DATABASE_URL says, and that no mistake repeats any of it. */
import t from 'tap'
import { nameOfDatabase, readDatabaseUrl } from '../../src/config/database-url.ts'

function read(url: string) {
  const answer = readDatabaseUrl(url)
  if ('mistake' in answer) throw new Error(answer.mistake)
  return answer.database
}

const plain = {
  engine: 'postgres',
  hosts: [{ host: 'db', port: 5432 }],
  user: 'signet',
  password: '',
  database: 'auth',
  tls: undefined,
  channelBinding: 'disable',
  applicationName: 'signet',
  connectSeconds: 2,
  options: undefined,
  schema: undefined,
  connections: 10,
}

t.test('SQLite: a path or memory', async t => {
  t.strictSame(read('sqlite:data/signet.db'), { engine: 'sqlite', path: 'data/signet.db' })
  t.strictSame(read('sqlite:/var/lib/signet.db'), { engine: 'sqlite', path: '/var/lib/signet.db' })
  t.strictSame(read('sqlite::memory:'), { engine: 'sqlite', path: ':memory:' })
})

t.test('PostgreSQL: everything libpq would read in it, with several hosts', async t => {
  t.strictSame(read('postgres://signet@db/auth'), plain)
  t.strictSame(read('postgresql://signet@db:5433/auth'), { ...plain, hosts: [{ host: 'db', port: 5433 }] })
  t.strictSame(read('postgres://signet@a:1,b,[::1]:3/auth?target_session_attrs=read-write'), {
    ...plain,
    hosts: [
      { host: 'a', port: 1 },
      { host: 'b', port: 5432 },
      { host: '::1', port: 3 },
    ],
  })
  t.strictSame(read('postgres://signet@/auth?host=/run/postgresql').engine, 'postgres')
  t.match(read('postgres://signet@/auth?host=/run/postgresql'), { hosts: [{ host: '/run/postgresql', port: 5432 }] })
  t.match(read('postgres://signet@%2Frun%2Fpostgresql/auth'), { hosts: [{ host: '/run/postgresql' }] })
  t.match(read('postgres://us%40er:p%2Fw%3A%23%25@db/a%20b?application_name=x&connect_timeout=5'), {
    user: 'us@er',
    password: 'p/w:#%',
    database: 'a b',
    applicationName: 'x',
    connectSeconds: 5,
  })
  t.match(read('postgres://signet:p@ss:word@db/auth'), { password: 'p@ss:word', hosts: [{ host: 'db' }] })
})

t.test('PostgreSQL: a host and a port given as parameters, together or one of them', async t => {
  const hosts = (rest: string) => {
    const database = read(`postgres://signet@${rest}`)
    return database.engine === 'postgres' ? database.hosts.map(({ host, port }) => `${host} ${port}`) : []
  }
  t.strictSame(hosts('localhost:5433/auth?host=/socket'), ['/socket 5433'])
  t.strictSame(hosts(':5433/auth?host=/socket'), ['/socket 5433'])
  t.strictSame(hosts('/auth?host=/socket&port=5433'), ['/socket 5433'])
  t.strictSame(hosts('db:5432/auth?port=5433'), ['db 5433'])
  t.strictSame(hosts('/auth?host=a,/b&port=1,2'), ['a 1', '/b 2'])
  t.strictSame(hosts('/auth?host=a,b&port=1'), ['a 1', 'b 1'], 'one port is for all')
  t.strictSame(hosts('/auth?host=a:1,b'), ['a 1', 'b 5432'])
  t.strictSame(hosts('/auth?host=%2Fa%2525b'), ['/a%25b 5432'], 'decoded once')
  t.strictSame(hosts('%2Fsocket:5433/auth'), ['/socket 5433'])
})

t.test('PostgreSQL: options, a schema, channel binding, and who we are', async t => {
  t.match(read('postgres://signet@db/auth?options=-c%20geqo%3Doff&schema=my%20schema'), {
    options: '-c geqo=off',
    schema: 'my schema',
  })
  t.match(read('postgres://signet@db/auth?sslmode=require&channel_binding=require'), { channelBinding: 'require' })
  t.match(read('postgres://db?user=u&password=a+b%26c&dbname=d'), { user: 'u', password: 'a+b&c', database: 'd' })
})

t.test('PostgreSQL: TLS as in libpq, but never by chance', async t => {
  const tls = (query: string) => (read(`postgres://signet@db/auth?${query}`) as { tls?: object }).tls
  t.equal(tls('sslmode=disable'), undefined)
  t.strictSame(tls('sslmode=require'), { mode: 'require' })
  t.strictSame(tls('sslmode=verify-full&sslrootcert=/ca.pem'), { mode: 'verify-full', rootCertificate: '/ca.pem' })
  t.strictSame(tls('sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/c&sslkey=/k'), {
    mode: 'verify-ca',
    rootCertificate: '/ca.pem',
    certificate: '/c',
    key: '/k',
  })
})

const canary = 'tr0ub4dor'

for (const [url, mistake] of [
  [`${canary}`, /^must be sqlite:PATH/],
  [`mysql://u:${canary}@db/auth`, /^must be sqlite:PATH/],
  ['sqlite:', /^must be sqlite:PATH/],
  [`sqlite://${canary}`, /^must be sqlite:PATH/],
  [`postgres://u:${canary}@db`, /^must be like/],
  [`postgres://db/auth`, /^must be like/],
  [`postgres://u:${canary}/x@db/auth`, /^must be like/],
  [`postgres://u:${canary}#x@db/auth`, /^must be like/],
  [`postgres://u:${canary} x@db/auth`, /^must be like/],
  [`postgres://u:${canary}?x@db/auth`, /^must be like|parameter that is not known/],
  [`postgres://u:${canary}%zz@db/auth`, /percent-encoded/],
  [`postgres://u:${canary}@/auth`, /name its hosts/],
  [`postgres://u:${canary}@db:0/auth`, /name its hosts/],
  [`postgres://u:${canary}@a,,b/auth`, /name its hosts/],
  [`postgres://u:${canary}@db/auth?${canary}=1`, /parameter that is not known/],
  [`postgres://u:${canary}@db/auth?target_session_attrs=any`, /every instance writes/],
  [`postgres://u:${canary}@db/auth?sslmode=prefer`, /sslmode/],
  [`postgres://u:${canary}@db/auth?sslmode=verify-ful`, /sslmode/],
  [`postgres://u:${canary}@db/auth?sslmode=verify-ca`, /sslrootcert/],
  [`postgres://u:${canary}@db/auth?sslrootcert=/${canary}`, /sslmode is disable/],
  [`postgres://u:${canary}@db/auth?sslmode=require&sslcert=/${canary}`, /sslcert and sslkey/],
  [`postgres://u:${canary}@db/auth?connect_timeout=0`, /connect_timeout/],
  [`postgres://u:${canary}@a,b,c/auth?port=1,2`, /one port/],
  [`postgres://u:${canary}@db/auth?port=x`, /name its hosts/],
  [`postgres://u:${canary}@db/auth?password=${canary}%zz`, /percent-encoded/],
  [`postgres://u:${canary}@db/auth?channel_binding=require`, /sslmode/],
  [`postgres://u:${canary}@db/auth?sslmode=require&channel_binding=${canary}`, /channel_binding/],
] as const) {
  t.test(`a mistake is named without the URL: ${url.replaceAll(canary, '…')}`, async t => {
    const answer = readDatabaseUrl(url)
    t.match(answer, { mistake })
    t.notOk(JSON.stringify(answer).includes(canary))
  })
}

t.test('the name of a database tells how to get there, not how to get in', async t => {
  t.equal(nameOfDatabase(read('sqlite:data/signet.db')), 'data/signet.db')
  t.equal(nameOfDatabase(read(`postgres://u:${canary}@a,[::1]:3/auth`)), 'postgres://a:5432,[::1]:3/auth')
})
