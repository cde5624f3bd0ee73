import type { FastifyInstance, InjectOptions } from 'fastify'
import type { Test } from 'tap'
import { buildLab } from '../../lab/build.ts'
import type { Exchange, Wanted } from '../../src/lab/exchange.ts'
import type { ServiceAnswers } from '../../src/lab/mock-services.ts'
import type { Snapshot } from '../../src/lab/snapshot.ts'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { type Overrides, testApp } from './app.ts'

/** What the lab's page sends along by itself. */
export const asItsPage = { host: 'localhost:3000', 'sec-fetch-site': 'same-origin' }

let built: Promise<void> | undefined

/** The service with the lab on, its page built from the sources. */
export async function labApp(t: Test, overrides: Overrides = {}) {
  built ??= buildLab()
  await built
  const { app, log } = await testApp(t, { lab: true, docs: true, ...overrides })
  return { app, log, lab: driver(app) }
}

/** The acts of the page, without the page. */
function driver(app: FastifyInstance) {
  async function act<T>(name: string, body?: object): Promise<T & { state: Snapshot }> {
    const request: InjectOptions = { method: 'POST', url: `/lab/${name}`, headers: asItsPage }
    const answer = await app.inject(body ? { ...request, body } : request)
    if (answer.statusCode !== 200) throw new Error(`${name} answered ${answer.statusCode}: ${answer.body}`)
    return answer.json()
  }
  const send = async (wanted: Omit<Wanted, 'lane'> & Partial<Wanted>) =>
    act<{ exchange: Exchange }>('send', { lane: 'a', ...wanted })
  return {
    restart: () => act('restart'),
    advance: (seconds: number) => act('clock', { seconds }),
    changeSecret: (how: 'rotate' | 'forget') => act('secret', { act: how }),
    ask: (rules: Wanted['rules'], token: string) => act<{ services: ServiceAnswers }>('services', { rules, token }),
    send,
    async logIn(rules: Wanted['rules']): Promise<TokenResponse> {
      const body = { username: 'maria', password: 'demo123' }
      return tokensIn((await send({ rules, method: 'POST', path: '/login', body })).exchange)
    },
    refresh: (rules: Wanted['rules'], refreshToken: string, more: Partial<Wanted> = {}) =>
      send({ rules, method: 'POST', path: '/refresh', body: { refresh_token: refreshToken }, ...more }),
    me: (rules: Wanted['rules'], token: string) => send({ rules, method: 'GET', path: '/me', token }),
  }
}

export function tokensIn({ answer }: Exchange): TokenResponse {
  return JSON.parse(answer.body)
}
