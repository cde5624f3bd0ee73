/** Who is on the other end: the address behind the trusted proxies. The one door: Fastify's own `ip` knows no proxies here. */
import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { networkOf, readAddress, siteOf } from '../src/base/address.ts'
import { createAddressRanges } from '../src/base/address-ranges.ts'
import type { Client } from '../src/base/client.ts'
import { clientAddress } from '../src/wire/forwarded-for.ts'

declare module 'fastify' {
  interface FastifyRequest {
    readonly client: Client
    /** Its address alone, which every line of the log has: the whole of it would cost several times as much. */
    readonly clientIp: string
    /** The address, once it was asked for. */
    knownIp: string | undefined
  }
}

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip']

export default fp(
  async app => {
    const isTrusted = createAddressRanges(app.config.trustedProxies)
    const isExempt = createAddressRanges(app.config.loginLimitExempt)
    let warned = false

    app.decorateRequest('knownIp', undefined)
    app.decorateRequest('clientIp', {
      getter(this: FastifyRequest): string {
        this.knownIp ??= ipOf(this)
        return this.knownIp
      },
    })
    app.decorateRequest('client', {
      getter(this: FastifyRequest): Client {
        return new RequestClient(this.clientIp, this.headers, isExempt, this.socket)
      },
    })

    function ipOf({ headers, socket }: FastifyRequest): string {
      const peer = peerOf(socket)
      warnOnce(peer, headers)
      return clientAddress(peer, headers['x-forwarded-for']?.toString(), isTrusted)
    }

    /** The usual mistake behind a gateway: every client then shares the gateway's address, and its limit. */
    function warnOnce(peer: string, headers: FastifyRequest['headers']): void {
      if (warned || !forwardingHeaders.some(name => headers[name] !== undefined) || isTrusted(peer)) return
      warned = true
      app.log.warn({ peer }, 'a forwarding header from an address that TRUSTED_PROXIES does not name is ignored')
    }
  },
  { name: 'client' },
)

type Test = ReturnType<typeof createAddressRanges>

/** A class, because an object that brings its own getters takes a microsecond to make. */
class RequestClient implements Client {
  readonly ip: string
  readonly userAgent: string | undefined
  readonly acceptLanguage: string | undefined
  readonly #isExempt: Test
  readonly #socket: Socket

  constructor(ip: string, headers: FastifyRequest['headers'], isExempt: Test, socket: Socket) {
    this.ip = ip
    this.userAgent = headers['user-agent']
    this.acceptLanguage = headers['accept-language']
    this.#isExempt = isExempt
    this.#socket = socket
  }

  get isExempt() {
    return this.#isExempt(this.ip)
  }

  get isGone() {
    return this.#socket.destroyed
  }

  get network() {
    return networkOf(this.ip)
  }

  get site() {
    return siteOf(this.ip)
  }
}

const peers = new WeakMap<Socket, string>()

/** Read once a connection, which also remembers it of a client that has gone before its answer. */
function peerOf(socket: Socket): string {
  const known = peers.get(socket)
  if (known !== undefined) return known
  const peer = readAddress(socket.remoteAddress ?? '')
  if (peer !== undefined) peers.set(socket, peer)
  return peer ?? 'unknown'
}
