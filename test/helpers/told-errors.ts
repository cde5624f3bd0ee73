/**
 * Whatever error a test brings about, the route tells it in the OpenAPI document. Seen from outside: Fastify says on a channel
 * which instance it makes, and nothing that is registered on it by then is missed.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest } from 'fastify'

interface Answer {
  readonly code?: string
  readonly error?: string
  readonly error_description?: string
  readonly errors?: readonly { readonly detail: string }[]
}
type Examples = Readonly<Record<string, { readonly value: Answer }>>
interface Response {
  readonly content?: Readonly<Record<string, { readonly examples?: Examples }>>
}

const made = 'fastify.initialization'

/** @param untold is called with what a route has answered and does not tell */
export function watchingErrors<T>(build: () => T, untold: (what: string) => void): T {
  const watch = (message: unknown) => {
    const { fastify } = message as { fastify: FastifyInstance }
    fastify.addHook('onSend', (request, reply, payload, done) => {
      const { statusCode } = reply
      if (statusCode >= 400 && typeof payload === 'string' && !isTold(request, statusCode, payload)) {
        untold(`${request.method} ${request.routeOptions.url} does not tell of ${statusCode} ${payload}`)
      }
      done()
    })
  }
  subscribe(made, watch)
  try {
    return build()
  } finally {
    unsubscribe(made, watch)
  }
}

function isTold({ routeOptions }: FastifyRequest, status: number, payload: string): boolean {
  const responses = routeOptions.schema?.response as Readonly<Record<string, Response>> | undefined
  if (!responses) return true // no path of ours, or not one for clients
  const answer: Answer = JSON.parse(payload)
  const ofStatus = responses[status]?.content ?? {}
  const { code } = answer
  if (code === undefined) {
    return Object.values(ofStatus['application/json']?.examples ?? {}).some(({ value }) => isAlike(value, answer))
  }
  return code === 'internal' || isOfAnyPath(answer) || code in (ofStatus['application/problem+json']?.examples ?? {})
}

/** But for what was wrong, which a form is told in its description. */
function isAlike(one: Answer, other: Answer): boolean {
  const [detail, description] = [one, other].map(answer => answer.error_description?.split(':')[0])
  return one.error === other.error && detail === description
}

const isOfAnyPath = ({ errors }: Answer) => errors?.[0]?.detail === 'must have a Host header'
