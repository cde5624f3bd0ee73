/**
 * Who may use the lab: a page of its own, in a browser on this machine. A page of elsewhere reaches loopback too, under a
 * name of its own that leads there (DNS rebinding), or by sending what it cannot read the answer of.
 */
const names = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a `Host` header names this machine and the port it was sent to. */
export function isOurHost(host: string | undefined, port: number): boolean {
  const [, name = '', given] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(host ?? '') ?? []
  return names.has(name) && Number(given ?? 80) === port
}

/** @param site `Sec-Fetch-Site`, which browsers send to loopback and no script can write; absent when it is no browser */
export function isOurPage(site: unknown): boolean {
  return site === 'same-origin'
}

/** For requests to an instance: its answers have no rights, so a program in a terminal may ask, too. */
export function isNoOtherPage(site: unknown): boolean {
  return site === undefined || site === 'none' || isOurPage(site)
}
