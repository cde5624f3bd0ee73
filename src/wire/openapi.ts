/**
 * What the OpenAPI document says beside its operations. The document at /openapi.json names `PUBLIC_URL`, because a client
 * that is generated from it has no other address. The copy of the page is relative to the page, which may be opened under
 * another name, or behind a gateway that strips a path.
 */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { version } from '../base/version.ts'

export const openapi = (publicUrl: string) =>
  ({
    openapi: '3.1.1',
    info: {
      title: 'Signet',
      version,
      description: [
        'A token service: a password for a short-lived access token and a long-lived, revocable refresh token.',
        '',
        'To see how they work (the tokens are under **Server response**, Authorize takes a pasted one):',
        '',
        '1. `POST /login`: both tokens. This page authorizes by itself with the access token of every answer.',
        '2. `GET /me`: 200.',
        '3. Authorize with the **refresh** token, `GET /me`: 401 `Access token required`.',
        '4. `POST /refresh` with the refresh token: a new access token and a new refresh token.',
        '5. Authorize with one character of the access token changed, `GET /me`: 401 `Invalid token`.',
        '6. Wait until the access token has expired, `GET /me`: 401 `Token expired`; `POST /refresh` helps.',
      ].join('\n'),
    },
    servers: [{ url: publicUrl }],
    tags: [
      { name: 'Tokens', description: 'Log in, say who is asking, refresh' },
      { name: 'Sessions', description: 'Where a user is logged in, and how that ends' },
      { name: 'Second factors', description: 'An authenticator app, and codes for when it is lost' },
      { name: 'Users', description: "One's own password, and administration" },
      { name: 'Gateway', description: 'Who is asking, for a gateway in front of other services' },
      { name: 'OAuth 2.0', description: 'The same for clients that speak the standard' },
      { name: 'Operation', description: 'For whatever runs this service' },
    ],
    components: {
      securitySchemes: {
        bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Paste an access token.' },
        resourceServer: { type: 'http', scheme: 'basic', description: 'A service of RESOURCE_SERVERS.' },
        passwordForm: {
          type: 'oauth2',
          description: 'Or log in here. Leave the client fields empty.',
          flows: { password: { tokenUrl: `${publicUrl}/token`, scopes: {} } },
        },
      },
    },
  }) satisfies FastifyDynamicSwaggerOptions['openapi']

/** The document with bodies that may be left out where `bodyIsOptional`: @fastify/swagger knows required ones only. */
export function withOptionalBodies<D extends object>(document: D, bodyIsOptional: ReadonlySet<string>): D {
  return mapOperations(document, operation =>
    bodyIsOptional.has(operation.operationId ?? '')
      ? { ...operation, requestBody: { ...operation.requestBody, required: false } }
      : operation,
  )
}

/** The document as Swagger UI needs it, which loads it at `/docs/json`. */
export function forPage(document: object): object {
  const { components, ...others }: Document = mapOperations(document, ({ servers, security, ...operation }) => ({
    ...operation,
    ...(servers && { servers: [{ url: '/' }] }), // what stays outside the path of PUBLIC_URL
    // Swagger UI shows everybody a closed lock where credentials may be left out.
    ...(security && { security: security.filter(scheme => Object.keys(scheme).length > 0) }),
  }))
  const { passwordForm, ...schemes } = components?.securitySchemes ?? {}
  const flows = { password: { ...passwordForm?.flows?.password, tokenUrl: '../token' } }
  return {
    ...others,
    components: { ...components, securitySchemes: { ...schemes, passwordForm: { ...passwordForm, flows } } },
    servers: [{ url: '..', description: 'the service this page came from' }],
  }
}

/** What is read here of the whole document. */
interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly securitySchemes?: { readonly passwordForm?: { readonly flows?: Flows } } }
}
interface Operation {
  readonly operationId?: string
  readonly requestBody?: { readonly required?: boolean }
  readonly security?: readonly object[]
  readonly servers?: readonly { readonly url: string }[]
}
interface Flows {
  readonly password?: { readonly tokenUrl?: string }
}

function mapOperations<D extends object>(document: D, change: (operation: Operation) => Operation): D {
  const { paths = {} }: Document = document
  const changed = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, change(operation)])),
  ])
  return { ...document, paths: Object.fromEntries(changed) }
}
