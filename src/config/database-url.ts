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
  readonly applicationName: string
  readonly connectSeconds: number
}

export interface PostgresTls {
  /** As in libpq: encrypted only; by a server our authority knows; and one that is called what we called. */
  readonly mode: 'require' | 'verify-ca' | 'verify-full'
  /** Paths of PEM files; without `rootCertificate` the authorities Node knows. */
  readonly rootCertificate?: string
  readonly certificate?: string
  readonly key?: string
}

/** Judges the text. A mistake is the end of a sentence that begins with the variable's name. */
export function readDatabaseUrl(url: string): { database: Database } | { mistake: string } {
  const path = /^sqlite:(?!\/\/)(.+)$/.exec(url)?.[1]
  if (path !== undefined) return { database: { engine: 'sqlite', path } }
  if (!/^postgres(?:ql)?:\/\//.test(url)) return { mistake: `must be sqlite:PATH, sqlite::memory: or ${shape}` }
  try {
    return { database: readPostgresUrl(url) }
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
  'host, sslmode, sslrootcert, sslcert, sslkey, target_session_attrs, application_name, connect_timeout'.split(', ')

function readPostgresUrl(url: string): PostgresServer {
  const [, authority = '', path = '', query = ''] =
    /^\w+:\/\/([^/?#\s]*)\/?([^/?#\s]*)(?:\?([^#\s]*))?$/.exec(url) ?? []
  const at = authority.lastIndexOf('@')
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/.exec(authority.slice(0, Math.max(at, 0))) ?? []
  if (!user || !path) throw new Mistake(`must be like ${shape}, with / ? # @ : % inside a part percent-encoded`)

  const given = new Map(new URLSearchParams(query))
  if ([...given.keys()].some(name => !known.includes(name))) {
    throw new Mistake(`has a parameter that is not known; known are ${known.join(', ')}`)
  }
  const attributes = given.get('target_session_attrs') ?? 'read-write'
  if (attributes !== 'read-write' && attributes !== 'primary') {
    throw new Mistake('must have target_session_attrs=read-write or none: every instance writes')
  }
  return {
    engine: 'postgres',
    hosts: readHosts(given.get('host') ?? authority.slice(at + 1)),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    database: decodeURIComponent(path),
    tls: readTls(given),
    applicationName: given.get('application_name') || 'signet',
    connectSeconds: readConnectSeconds(given.get('connect_timeout')),
  }
}

function readHosts(list: string): PostgresServer['hosts'] {
  return list.split(',').map(one => {
    const [, host, digits = '5432'] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(one) ?? []
    const port = Number(digits)
    if (!host || port < 1 || port > 65_535) throw new Mistake('must name its hosts like host1:5432,host2:5432')
    return { host: decodeURIComponent(host).replace(/^\[(.+)\]$/, '$1'), port }
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

function readConnectSeconds(text = '2'): number {
  const seconds = Number(text)
  if (!/^\d{1,2}$/.test(text) || seconds < 1) throw new Mistake('must have a connect_timeout of 1 to 99 seconds')
  return seconds
}
