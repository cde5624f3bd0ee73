/** What can be set, and what it is when it is not. A mistake here is told at the start, not at the first request. */
import type { FastifyRequest } from 'fastify'

export interface ResourceServer {
  readonly id: string
  readonly secret: string
}

export interface SignetOptions {
  /** Signet's `PUBLIC_URL`, which is the issuer of its tokens. */
  readonly url: string
  /** One of Signet's `JWT_AUDIENCE`; `url` when not given. */
  readonly audience?: string
  /** `JWT_SECRET_KEY` under HS256, and those before it. Whoever has it can make tokens: prefer a signing key. */
  readonly secret?: string | readonly string[]
  /** This service's entry in `RESOURCE_SERVERS`: with it a logout is known here within two seconds. */
  readonly resourceServer?: ResourceServer
  /** What becomes of tokens when it has not been known for `staleAfter` seconds who logged out. Default: `accept`. */
  readonly whenStale?: 'accept' | 'refuse'
  /** In seconds; 30 when not given. */
  readonly staleAfter?: number
  /** Where the token is, if not in `Authorization: Bearer`. */
  readonly getToken?: (request: FastifyRequest) => string | undefined
}

export interface Settings extends SignetOptions {
  readonly audience: string
  readonly secrets: readonly string[]
  readonly whenStale: 'accept' | 'refuse'
  readonly staleAfter: number
}

/** @throws {TypeError} with what is wrong */
export function settingsOf(options: SignetOptions): Settings {
  const { url, secret = [], resourceServer, whenStale = 'accept', staleAfter = 30 } = options
  if (!/^https?:\/\/[^/?#]+(\/[^?#]*[^/?#])?$/.test(url ?? '')) throw wrong("url must be Signet's PUBLIC_URL")
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (secrets.some(one => one.length < 32)) throw wrong('secret must have 32 characters or more')
  if (resourceServer && !(resourceServer.id && resourceServer.secret)) throw wrong('resourceServer needs id and secret')
  if (whenStale !== 'accept' && whenStale !== 'refuse') throw wrong('whenStale must be accept or refuse')
  if (!(staleAfter > 0)) throw wrong('staleAfter must be a number of seconds')
  if (whenStale === 'refuse' && !resourceServer)
    throw wrong('whenStale needs a resourceServer: nothing else grows stale')
  return { ...options, audience: options.audience ?? url, secrets, whenStale, staleAfter }
}

const wrong = (what: string) => new TypeError(`fastify-signet: ${what}`)
