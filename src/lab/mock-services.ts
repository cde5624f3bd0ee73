/**
 * Two services that were given an access token: one asks Signet's `/verify` about it, the other checks it by itself, with
 * the same key and the same rules, and never hears of a logout.
 */
import type { FastifyInstance } from 'fastify'
import { SignetError } from '../base/errors.ts'
import { createTokenVerifier } from '../tokens/token-verifier.ts'

export interface ServiceAnswer {
  readonly isAccepted: boolean
  /** Who is asking, or why not. */
  readonly detail: string
}

export interface ServiceAnswers {
  readonly at: number
  readonly asks: ServiceAnswer
  readonly byItself: ServiceAnswer
}

export async function askServices(app: FastifyInstance, token: string): Promise<ServiceAnswers> {
  const answer = await app.inject({ url: '/verify', headers: { authorization: `Bearer ${token}` } })
  const isAccepted = answer.statusCode === 200
  const detail = isAccepted ? String(answer.headers['x-auth-username']) : answer.json().detail
  return { at: app.clock(), asks: { isAccepted, detail }, byItself: checkByItself(app, token) }
}

function checkByItself(app: FastifyInstance, token: string): ServiceAnswer {
  const { keys, clock, config: settings } = app
  const verifier = createTokenVerifier({ keys, clock, settings, revocations: { has: () => false } })
  try {
    return { isAccepted: true, detail: verifier.authenticate(token).username }
  } catch (error) {
    if (error instanceof SignetError) return { isAccepted: false, detail: error.detail }
    throw error
  }
}
