/** Requests and answers in cookie mode, as a browser makes them. */
import type { TestApp } from './app.ts'

export const accessName = '__Host-signet_access'
export const refreshName = '__Host-signet_refresh'
export const deviceName = '__Host-signet_device'
export const ours = { 'sec-fetch-site': 'same-origin' }
export const publicUrl = 'http://localhost:3000'
export const listed = 'http://localhost:8080'

export type Headers = Record<string, string>
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export function send(app: TestApp['app'], method: Method, url: string, headers: Headers = {}, body?: object | string) {
  return app.inject({ method, url, headers, ...(body !== undefined && { body }) })
}

export type Answer = Awaited<ReturnType<typeof send>>

export async function logInByCookie(app: TestApp['app'], username = 'maria', password = 'demo123') {
  const answer = await send(app, 'POST', '/login', ours, { username, password, mode: 'cookie' })
  if (answer.statusCode !== 200) throw new Error(`login answered ${answer.statusCode}: ${answer.body}`)
  return cookiesIn(answer)
}

/** The tokens that an answer puts into cookies, and the header a browser would send next. */
export function cookiesIn(answer: Answer) {
  const value = (name: string) => answer.cookies.find(cookie => cookie.name === name)?.value ?? ''
  const [access, refresh] = [value(accessName), value(refreshName)]
  return { access, refresh, cookie: `${accessName}=${access}; ${refreshName}=${refresh}` }
}

export function setCookies(answer: Answer): string[] {
  return [answer.headers['set-cookie'] ?? []].flat()
}

export const expired = [
  `${accessName}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
  `${refreshName}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`,
]
