/** An exchange as text: as it goes over a wire, and as a line for a terminal. */
import type { Exchange } from './log.ts'

export function requestText({ request }: Exchange): string {
  const { method, url, headers, body } = request
  return [`${method} ${new URL(url).pathname} HTTP/1.1`, ...linesOf(headers), ...(body === '' ? [] : ['', body])].join(
    '\n',
  )
}

export function answerText({ answer, arrived }: Exchange): string {
  const body = arrived ? answer.body : '(lost on its way: nobody has seen it)'
  return [`HTTP/1.1 ${answer.status}`, ...linesOf(answer.headers), ...(body === '' ? [] : ['', pretty(body)])].join(
    '\n',
  )
}

/** The addresses of clients here are made up; a terminal has its own. */
export function curlOf({ request }: Exchange): string {
  const { method, url, headers, body } = request
  const parts = [`curl -i ${url}`]
  if (method !== 'GET' && body === '') parts.push(`-X ${method}`)
  for (const name of ['authorization', 'content-type']) {
    if (headers[name] !== undefined) parts.push(`-H '${name}: ${headers[name]}'`)
  }
  if (body !== '') parts.push(`-d '${body.replaceAll("'", "'\\''")}'`)
  return parts.join(' \\\n  ')
}

const linesOf = (headers: Readonly<Record<string, string>>) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`)

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), (name, value) => (name === 'qr' ? '<svg …' : value), 2)
  } catch {
    return body
  }
}
