/** Cookie mode: tokens that go out in cookies instead of the body, and come back in cookies only our own pages may use. */
import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { SignetError } from '../src/base/errors.ts'
import { originOf } from '../src/config/public-url.ts'
import type { IssuedAccess, IssuedTokens } from '../src/tokens/token-issuer.ts'
import { saysBearer } from '../src/wire/bearer.ts'
import { isUnsafe, senderOf } from '../src/wire/sender.ts'
import { deviceSeconds, readTokenCookies, type TokensOfCookies, tokenCookies } from '../src/wire/token-cookies.ts'
import { cookieResponse, lifetime } from '../src/wire/token-response.ts'
import type { CookieResponse } from '../src/wire/token-schemas.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokenCookies: {
      /**
       * The tokens in a request's cookies; none when its `Authorization` header says `Bearer`, whatever follows.
       * @throws {SignetError} `invalid_token` for a cookie sent twice; `cross_site` for an unsafe request by cookie that
       *   does not come from our own pages
       */
      read(request: FastifyRequest): TokensOfCookies
      /**
       * The access token in the cookie of a request that a gateway asks about.
       * @throws {SignetError} `invalid_token` for a cookie sent twice; `cross_site` when a foreign page is behind it
       */
      readAtGateway(request: FastifyRequest): string | undefined
      /** @throws {SignetError} `cross_site` unless the request comes from our own pages */
      requireOurPage(request: FastifyRequest): void
      /** Puts both tokens into cookies, and at a login the device as well. @returns what is left for the body */
      set(reply: FastifyReply, tokens: IssuedTokens, at?: 'login'): CookieResponse
      /** Puts an access token into its cookie, and leaves the others. @returns what is left for the body */
      setAccess(reply: FastifyReply, issued: IssuedAccess): CookieResponse
      /** Expires both cookies of tokens. */
      clear(reply: FastifyReply): void
    }
  }
}

export default fp(
  async app => {
    const { config } = app
    const origins = new Set([originOf(config.publicUrl), ...config.cookieOrigins])
    const serialize = await createSerializer(app)

    function read(request: FastifyRequest): TokensOfCookies {
      const { authorization, cookie } = request.headers
      if (cookie === undefined || saysBearer(authorization)) return none
      const tokens = readTokenCookies(cookie)
      const isByCookie = tokens.access !== undefined || tokens.refresh !== undefined
      if (isByCookie && isUnsafe(request.method)) requireOurPage(request)
      return tokens
    }

    /** What the request will change behind the gateway is unknown here, so whatever a foreign page sends is refused. */
    function readAtGateway({ headers }: FastifyRequest): string | undefined {
      if (headers.cookie === undefined || saysBearer(headers.authorization)) return undefined
      const { access } = readTokenCookies(headers.cookie)
      const isForeign = headers.origin !== undefined && !origins.has(headers.origin)
      if (access !== undefined && isForeign) throw new SignetError('cross_site', 'a foreign page is behind a cookie')
      return access
    }

    function requireOurPage({ headers }: FastifyRequest): void {
      const sender = senderOf(headers, origins)
      if (sender !== 'ours') throw new SignetError('cross_site', `the sender of a request by cookie is ${sender}`)
    }

    function put(reply: FastifyReply, kind: keyof typeof tokenCookies, token: string, maxAge: number): void {
      const { name, attributes } = tokenCookies[kind]
      reply.header('set-cookie', serialize(name, token, { ...attributes, maxAge }))
    }

    function setAccess(reply: FastifyReply, issued: IssuedAccess): CookieResponse {
      put(reply, 'access', issued.access.token, lifetime(issued.access, issued.issuedAt))
      return cookieResponse(issued)
    }

    app.decorate('tokenCookies', {
      read,
      readAtGateway,
      requireOurPage,
      set(reply, tokens, at) {
        const body = setAccess(reply, tokens)
        put(reply, 'refresh', tokens.refresh.token, lifetime(tokens.refresh, tokens.issuedAt))
        if (at === 'login') put(reply, 'device', tokens.refresh.token, deviceSeconds)
        return body
      },
      setAccess,
      clear(reply) {
        put(reply, 'access', '', 0)
        put(reply, 'refresh', '', 0)
      },
    } satisfies FastifyInstance['tokenCookies'])
  },
  { name: 'cookies' },
)

const none: TokensOfCookies = Object.freeze({})

/** In a scope of its own: its hook would run for every answer of the service, and few of them set a cookie. */
async function createSerializer(app: FastifyInstance): Promise<FastifyInstance['serializeCookie']> {
  let serialize!: FastifyInstance['serializeCookie']
  await app.register(async scope => {
    await scope.register(fastifyCookie, { hook: false })
    serialize = scope.serializeCookie
  })
  return serialize
}
