/** How applications read a path: every way in which one of them has read it, or might. */

/** Each makes one path of another, as some server or framework does. */
const steps: readonly ((path: string) => string)[] = [
  path => path.replace(/%([0-9a-f]{2})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  path => path.replace(/%u([0-9a-f]{4})/gi, (_all, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  path => path.replaceAll('\\', '/'),
  path => path.replace(/;[^/]*/g, ''), // path parameters of Java
  path => path.replace(/\/{2,}/g, '/'),
  path => path.replace(/[\0\r\n#?].*$/s, ''),
  path => path.replace(/[\xc0\xc1](.)/g, (_all, one) => String.fromCharCode(one.charCodeAt(0) & 0x7f)), // overlong UTF-8
  withoutDotSegments,
  path => path.toLowerCase(),
]

/** RFC 3986 section 5.2.4. */
function withoutDotSegments(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** Whether any way of reading a request target, the query aside, arrives below a prefix. */
export function mayBeRead(target: string, prefix: string): boolean {
  const readings = new Set([target.replace(/^https?:\/\/[^/]*/, '').split('?', 1)[0] ?? ''])
  for (const reading of readings) {
    if (reading.startsWith(prefix)) return true
    for (const step of steps) readings.add(step(reading))
  }
  return false
}
