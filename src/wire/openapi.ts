/**
 * What the OpenAPI document says beside its operations. The document at /openapi.json names `PUBLIC_URL`, because a client
 * that is generated from it has no other address. The copy of the page is relative to the page, which may be opened under
 * another name, or behind a gateway that strips a path.
 */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { version } from '../base/version.ts'
import type { Config } from '../config/config.ts'

export const openapi = ({ publicUrl, lab, accessTokenSeconds, secondFactor }: OpenApiSettings) =>
  ({
    openapi: '3.1.1',
    info: {
      title: 'Signet',
      version,
      description: [
        'A token service: a password for a short-lived access token and a long-lived, revocable refresh token.',
        '',
        ...(lab
          ? [`To see what becomes of tokens, open [the lab](${publicUrl}/lab). To try them by hand:`]
          : ['To try them:']),
        '',
        '1. Open `POST /login` below and press **Execute**: both tokens. The page authorizes by itself with the access token.',
        '2. Open `GET /me` and press **Execute**: 200.',
        '3. At the answer to the login press **Copy refresh token**. Press **Authorize**, paste it into the first field, press ' +
          '**Apply credentials**, then **Close**. `GET /me`: 401 `Access token required`.',
        '4. Open `POST /refresh`, paste it into the body and press **Execute**: a new access token and a new refresh token.',
        '5. Press **Copy access token**, then **Authorize**, paste it, change one character, apply. `GET /me`: 401 `Invalid token`.',
        `6. Authorize with it unchanged and wait ${accessTokenSeconds} seconds (\`JWT_ACCESS_TOKEN_EXPIRES\`). \`GET /me\`: 401 ` +
          '`Token expired`. `POST /refresh` with the newest refresh token helps.',
        ...(secondFactor === 'off'
          ? []
          : [
              '7. Open `POST /me/totp` and press **Execute**: under the answer is an authenticator app. Send its code of now to ' +
                '`POST /me/totp/confirm`, then log in again: 401 with a `challenge`. Send that and the next code to ' +
                '`POST /login/second-factor`.',
            ]),
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

export type OpenApiSettings = Pick<Config, 'publicUrl' | 'lab' | 'accessTokenSeconds' | 'secondFactor'>

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
  const {
    components,
    paths = {},
    ...others
  }: Document = mapOperations(document, ({ servers, security, ...operation }) => ({
    ...operation,
    ...(servers && { servers: [{ url: '/' }] }), // what stays outside the path of PUBLIC_URL
    // Swagger UI shows everybody a closed lock where credentials may be left out.
    ...(security && { security: security.filter(scheme => Object.keys(scheme).length > 0) }),
  }))
  const { passwordForm, ...schemes } = components?.securitySchemes ?? {}
  const flows = { password: { ...passwordForm?.flows?.password, tokenUrl: '../token' } }
  return {
    ...others,
    paths: withFirst(paths, '/login', '/me', '/refresh'),
    components: { ...components, securitySchemes: { ...schemes, passwordForm: { ...passwordForm, flows } } },
    servers: [{ url: '..', description: 'the service this page came from' }],
  }
}

/** What the steps at the top are about comes first; the others stay in the order of their files. */
function withFirst(paths: NonNullable<Document['paths']>, ...first: string[]): NonNullable<Document['paths']> {
  const entries = Object.entries(paths)
  const rank = (path: string) => (first.includes(path) ? first.indexOf(path) : first.length)
  return Object.fromEntries(entries.sort(([one], [other]) => rank(one) - rank(other)))
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
