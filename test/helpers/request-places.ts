/** Every place where a request to any operation can have a text of somebody's own, and the request with that text there. */
import type { FastifyInstance } from 'fastify'

export interface Place {
  /** The same header, or the same member of a body, of whatever operation. */
  readonly kind: string
  readonly name: string
  /** How many there is room for. */
  readonly bytes: number
  readonly encode?: undefined | ((text: string) => string)
  readonly request: (text: string, token: string) => Buffer
}

export interface Operation {
  readonly method: string
  readonly path: string
  readonly queries: readonly string[]
  readonly bodies: readonly Body[]
}

interface Body {
  readonly type: string
  readonly members: readonly string[]
  /** The members it must have, with what they usually hold. */
  readonly usual: Readonly<Record<string, string>>
}

/** Read from the OpenAPI document, so that an endpoint that is added later is among them. */
export function operationsOf(service: FastifyInstance): Operation[] {
  const { paths = {} } = service.swagger() as {
    paths?: Record<string, Record<string, Described>>
  }
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      queries: parameters.filter(one => one.in === 'query').map(one => one.name),
      bodies: Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => bodyOf(type, schema)),
    })),
  )
  const beside = ['/nowhere', '/docs/', '/docs/static/swagger-ui.css', '/openapi.json', '/verify']
  return [...described, ...beside.map(path => ({ method: 'GET', path, queries: [], bodies: [] }))]
}

interface Described {
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Record<string, { schema: BodySchema }> }
}

interface BodySchema {
  readonly properties?: object
  readonly required?: readonly string[]
  readonly examples?: readonly Record<string, string>[]
}

function bodyOf(type: string, { properties = {}, required = [], examples = [] }: BodySchema): Body {
  const usual = required.map(name => [name, examples[0]?.[name] ?? 'a long sentence'])
  return { type, members: Object.keys(properties), usual: Object.fromEntries(usual) }
}

/** What Signet, Fastify, its plugins or Node read of a header, and how what they read begins. */
const headers: Readonly<Record<string, readonly string[]>> = {
  accept: [''],
  'accept-encoding': ['', 'gzip;q='],
  'access-control-request-headers': [''],
  'access-control-request-method': [''],
  authorization: ['', 'Bearer ', 'bearer ', 'Basic ', 'Basic c2hvcDo='],
  'cache-control': ['', 'no-cache'],
  'content-encoding': ['', 'gzip, '],
  'content-type': [
    '',
    'application/json',
    'application/json;',
    'application/json; charset',
    'application/json; charset="',
    'a/',
  ],
  cookie: [
    '',
    '__Host-signet_access=',
    '__Host-signet_refresh=',
    '__Host-signet_device=',
    'a=b; ',
    '__Host-signet_access',
  ],
  expect: [''],
  forwarded: ['', 'for='],
  host: [''],
  'if-modified-since': ['', 'Mon, '],
  'if-none-match': ['', '"', 'W/"'],
  'if-range': ['', '"'],
  origin: ['', 'http://'],
  range: ['', 'bytes=', 'bytes=0-'],
  referer: ['', 'http://localhost/?token='],
  'sec-fetch-site': ['', 'same-origin'],
  te: [''],
  traceparent: [''],
  'user-agent': [''],
  'x-forwarded-for': ['', '127.0.0.1, ', '203.0.113.7'],
  'x-forwarded-host': [''],
  'x-forwarded-proto': [''],
  'x-real-ip': [''],
  'x-unknown': [''],
}

export function placesOf(operation: Operation): Place[] {
  return [...placesInHeaders(operation), ...placesInUrl(operation), ...placesInBody(operation)]
}

function placesInHeaders(operation: Operation): Place[] {
  const [body] = operation.bodies
  return Object.entries(headers).flatMap(([header, starts]) =>
    starts.map(
      start =>
        ({
          kind: `${header}: ${start}`,
          name: `${operation.method} ${operation.path}, ${header}: ${start.slice(0, 40)}`,
          bytes: 15_000 - start.length,
          encode: text => text.replaceAll('\0', ' '), // which no parser lets through
          request(text, token) {
            // Cookies are not read beside bearer tokens.
            const others = header === 'cookie' ? ['sec-fetch-site: same-origin'] : [`authorization: Bearer ${token}`]
            const lines = [...others.filter(line => !line.startsWith(header)), `${header}: ${start}${text}`]
            return bytesOf(operation, urlOf(operation), lines, body && [body.type, textOf(body.type, body.usual)])
          },
        }) satisfies Place,
    ),
  )
}

function placesInUrl(operation: Operation): Place[] {
  const { method, path, queries } = operation
  const url = urlOf(operation)
  const starts = { path: path.includes('{') ? path.replace(/\{\w+\}.*/, '') : `${url}/`, query: `${url}?` }
  const ofQueries = [...queries, 'unknown'].map(query => [query, `${url}?${query}=`] as const)
  return [...Object.entries(starts), ...ofQueries].map(([kind, start]) => ({
    kind: `${kind} ${path}`,
    name: `${method} ${path}, ${start}`,
    bytes: 14_000,
    encode: text => text.toWellFormed().replace(/[\0-\x20]/g, encodeURIComponent),
    request: (text, token) => bytesOf(operation, start + text, [`authorization: Bearer ${token}`]),
  }))
}

function placesInBody(operation: Operation): Place[] {
  const { method, path, bodies } = operation
  return bodies.flatMap(({ type, members, usual }) =>
    [...members, 'unknown', undefined].map(member => ({
      kind: `${type} ${path} ${member}`,
      name: `${method} ${path}, ${type}, ${member ?? 'as the whole body'}`,
      bytes: member === undefined ? 16_384 : 16_384 - textOf(type, { ...usual, [member]: '' }).length,
      encode: member === undefined ? undefined : encoders[type],
      request(text: string, token: string) {
        const body =
          member === undefined ? text : textOf(type, { ...usual, [member]: marker }).replace(marker, () => text)
        return bytesOf(operation, urlOf(operation), [`authorization: Bearer ${token}`], [type, body])
      },
    })),
  )
}

const marker = 'MARKER'
const encoders: Partial<Record<string, (text: string) => string>> = {
  'application/json': text => JSON.stringify(text).slice(1, -1),
  'application/x-www-form-urlencoded': text => text.toWellFormed().replace(/[&=+%\0-\x20]/g, encodeURIComponent),
}

function urlOf({ method, path }: Operation): string {
  return path.replace(/\{\w+\}/g, method === 'DELETE' ? 'nobody' : 'user-2')
}

function bytesOf(
  { method }: Operation,
  url: string,
  lines: readonly string[],
  body?: readonly [string, string],
): Buffer {
  const bytes = Buffer.from(body?.[1] ?? '')
  const type = lines.some(line => line.startsWith('content-type:')) ? [] : [`content-type: ${body?.[0]}`]
  const ofBody = body ? [...type, `content-length: ${bytes.length}`] : []
  const host = lines.some(line => line.startsWith('host:')) ? [] : ['host: localhost']
  const head = [`${method} ${url} HTTP/1.1`, ...host, 'connection: close', ...lines, ...ofBody, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head), bytes])
}

function textOf(type: string, members: Readonly<Record<string, string>>): string {
  if (type === 'application/json') return JSON.stringify(members)
  return new URLSearchParams(members).toString()
}
