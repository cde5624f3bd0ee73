/** Who is on the other end: the address behind the trusted proxies, and nothing that a stranger wrote into a header. */
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Client } from '../src/client.ts'

declare module 'fastify' {
  interface FastifyRequest {
    readonly client: Client
  }
}

const forwardingHeaders = ['x-forwarded-for', 'forwarded', 'x-real-ip']

export default fp(
  async app => {
    let warned = false

    app.decorateRequest('client', {
      getter(this: FastifyRequest): Client {
        warnOnce(this)
        const { ip, headers } = this
        return {
          ip,
          userAgent: headers['user-agent'],
          get network() {
            return normalizeIP(ip)
          },
        }
      },
    })

    /** The usual mistake behind a gateway: every client then shares the gateway's address, and its limit. */
    function warnOnce({ ip, headers, socket }: FastifyRequest): void {
      if (warned || ip !== socket.remoteAddress || !forwardingHeaders.some(name => headers[name] !== undefined)) return
      warned = true
      app.log.warn({ peer: ip }, 'a forwarding header from an address that TRUSTED_PROXIES does not name is ignored')
    }
  },
  { name: 'client' },
)
