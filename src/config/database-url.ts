/**
 * What `DATABASE_URL` says: the engine and where its database is. A URL of PostgreSQL is that of libpq (PostgreSQL manual,
 * "Connection URIs"), with several hosts. No mistake is told with any part of the URL, because a password may stand there.
 */
export type Database = SqliteFile | PostgresServer

export interface SqliteFile {
  readonly engine: 'sqlite'
  /** `:memory:` or a path. */
  readonly path: string
}

export interface PostgresServer {
  readonly engine: 'postgres'
  /** In the order in which they are tried; a host that begins with a slash is the folder of a Unix socket. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly user: string
  readonly password: string
  readonly database: string
  readonly tls: PostgresTls | undefined
  /** SCRAM that proves to whom the encrypted connection leads: where the server offers it, or nowhere else. */
  readonly channelBinding: 'disable' | 'prefer' | 'require'
  readonly applicationName: string
  readonly connectSeconds: number
  /** Sent to the server as it is, as in `-c synchronous_commit=off`. */
  readonly options: string | undefined
  /** Where our tables are, instead of where the role's search path leads. */
  readonly schema: string | undefined
  /** At most so many at once. */
  readonly connections: number
}

export interface PostgresTls {
  /** As in libpq: encrypted only; by a server our authority knows; and one that is called what we called. */
  readonly mode: 'require' | 'verify-ca' | 'verify-full'
  /** Paths of PEM files; without `rootCertificate` the authorities Node knows. */
  readonly rootCertificate?: string
  readonly certificate?: string
  readonly key?: string
}

/**
 * Judges the text. A mistake is the end of a sentence that begins with the variable's name.
 * @param connections at most so many to a PostgreSQL server
 */
export function readDatabaseUrl(url: string, connections = 10): { database: Database } | { mistake: string } {
  const path = /^sqlite:(?!\/\/)(.+)$/.exec(url)?.[1]
  if (path !== undefined) return { database: { engine: 'sqlite', path } }
  if (!/^postgres(?:ql)?:\/\//.test(url)) return { mistake: `must be sqlite:PATH, sqlite::memory: or ${shape}` }
  try {
    return { database: readPostgresUrl(url, connections) }
  } catch (error) {
    if (error instanceof Mistake) return { mistake: error.message }
    if (error instanceof URIError) return { mistake: 'is not percent-encoded as a URL must be' }
    throw error
  }
}

/** What a database is called in messages: where it is, and nothing of how to get in. */
export function nameOfDatabase(database: Database): string {
  if (database.engine === 'sqlite') return database.path
  const hosts = database.hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  return `postgres://${hosts.join()}/${database.database}`
}

const shape = 'postgres://USER:PASSWORD@HOST:PORT/DATABASE'

class Mistake extends Error {}

const known =
  'host, port, user, password, dbname, sslmode, sslrootcert, sslcert, sslkey, channel_binding, target_session_attrs, application_name, connect_timeout, options, schema'.split(
    ', ',
  )

function readPostgresUrl(url: string, connections: number): PostgresServer {
  const [, authority = '', path = '', query = ''] =
    /^\w+:\/\/([^/?#\s]*)\/?([^/?#\s]*)(?:\?([^#\s]*))?$/.exec(url) ?? []
  const at = authority.lastIndexOf('@')
  const [, name = '', secret = ''] = /^([^:]*):?(.*)$/.exec(authority.slice(0, Math.max(at, 0))) ?? []
  const given = readParameters(query)
  const user = given.get('user') ?? decodeURIComponent(name)
  const database = given.get('dbname') ?? decodeURIComponent(path)
  if (!user || !database) throw new Mistake(`must be like ${shape}, with / ? # @ : % inside a part percent-encoded`)
  const attributes = given.get('target_session_attrs') ?? 'read-write'
  if (attributes !== 'read-write' && attributes !== 'primary') {
    throw new Mistake('must have target_session_attrs=read-write or none: every instance writes')
  }
  const tls = readTls(given)
  return {
    engine: 'postgres',
    hosts: readHosts(authority.slice(at + 1), given.get('host'), given.get('port')),
    user,
    password: given.get('password') ?? decodeURIComponent(secret),
    database,
    tls,
    channelBinding: readChannelBinding(given.get('channel_binding'), tls),
    applicationName: given.get('application_name') || 'signet',
    connectSeconds: readConnectSeconds(given.get('connect_timeout')),
    options: given.get('options') || undefined,
    schema: given.get('schema') || undefined,
    connections,
  }
}

/** As libpq reads them: only `%` is special, and a plus is a plus. */
function readParameters(query: string): ReadonlyMap<string, string> {
  const pairs = query.split('&').filter(pair => pair !== '')
  const given = new Map(
    pairs.map(pair => [pair.split('=', 1)[0] ?? '', decodeURIComponent(pair.replace(/^[^=]*=?/, ''))]),
  )
  if ([...given.keys()].every(name => known.includes(name))) return given
  throw new Mistake(`has a parameter that is not known; known are ${known.join(', ')}`)
}

/** Hosts given as parameters take the place of those in front; each has the port it is given in either place. */
function readHosts(front: string, hosts: string | undefined, ports: string | undefined): PostgresServer['hosts'] {
  const inFront = front.split(',').map(one => {
    const [, host = '', port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/.exec(one) ?? ['', '', '0']
    return { host: decodeURIComponent(host).replace(/^\[(.+)\]$/, '$1'), port }
  })
  const names = hosts?.split(',').map(host => host.replace(/^\[(.+)\]$/, '$1')) ?? inFront.map(({ host }) => host)
  const given = ports?.split(',') ?? inFront.map(({ port }) => port)
  if (given.length !== 1 && given.length !== names.length) throw new Mistake('must have one port, or one for each host')
  return names.map((host, i) => {
    const [, name = '', own] = /^([^/:]+):(\d{1,5})$/.exec(host) ?? ['', host]
    const digits = (own ?? (given.length === 1 ? given[0] : given[i])) || '5432'
    const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
    if (!name || port < 1 || port > 65_535) throw new Mistake('must name its hosts like host1:5432,host2:5432')
    return { host: name, port }
  })
}

/** `prefer` and `allow` are refused: whoever is in between can talk them out of encrypting. */
function readTls(given: ReadonlyMap<string, string>): PostgresTls | undefined {
  const mode = given.get('sslmode') ?? 'disable'
  const [rootCertificate, certificate, key] = ['sslrootcert', 'sslcert', 'sslkey'].map(name => given.get(name))
  if (mode === 'disable') {
    if (rootCertificate || certificate || key) throw new Mistake('names certificates, but its sslmode is disable')
    return undefined
  }
  if (mode !== 'require' && mode !== 'verify-ca' && mode !== 'verify-full') {
    throw new Mistake('must have an sslmode of disable, require, verify-ca or verify-full')
  }
  if (mode === 'verify-ca' && !rootCertificate) throw new Mistake('must name an sslrootcert with sslmode=verify-ca')
  if (!certificate !== !key) throw new Mistake('must have both sslcert and sslkey, or neither')
  return { mode, ...(rootCertificate && { rootCertificate }), ...(certificate && key && { certificate, key }) }
}

function readChannelBinding(text = 'disable', tls: PostgresTls | undefined): PostgresServer['channelBinding'] {
  if (text !== 'disable' && text !== 'prefer' && text !== 'require') {
    throw new Mistake('must have a channel_binding of disable, prefer or require')
  }
  if (text === 'require' && !tls) throw new Mistake('must have an sslmode with channel_binding=require')
  return text
}

function readConnectSeconds(text = '2'): number {
  const seconds = Number(text)
  if (!/^\d{1,2}$/.test(text) || seconds < 1) throw new Mistake('must have a connect_timeout of 1 to 99 seconds')
  return seconds
}
