/** What the OpenAPI document says beside its operations. Servers and token URL are relative: gateways may strip a path. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

export const openapi = {
  openapi: '3.1.1',
  info: {
    title: 'Signet',
    version: '0.1.0',
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
  servers: [{ url: '.' }],
  tags: [
    { name: 'Tokens', description: 'Log in, say who is asking, refresh' },
    { name: 'Sessions', description: 'Where a user is logged in, and how that ends' },
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
        flows: { password: { tokenUrl: './token', scopes: {} } },
      },
    },
  },
} satisfies FastifyDynamicSwaggerOptions['openapi']
