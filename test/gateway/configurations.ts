/** What the shipped configurations say, read from their text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayName } from '../helpers/gateways.ts'
import { root } from '../helpers/places.ts'

const files: Record<GatewayName, string> = {
  nginx: 'nginx/signet.conf',
  caddy: 'caddy/Caddyfile',
  haproxy: 'haproxy/haproxy.cfg',
}

export const gatewayNames = Object.keys(files) as GatewayName[]

export function configurationOf(name: GatewayName): string {
  return readFileSync(join(root, 'deploy', files[name]), 'utf8')
}

/** How each says that a header of the client does not go on; nginx replaces those that it sets. */
const denials: Record<GatewayName, RegExp> = {
  nginx: /^ {4}proxy_set_header (X-Auth-\S+|\S+(?= ""))/gm,
  caddy: /^\t{2}request_header -([A-Za-z][\w-]*)$/gm,
  haproxy: /^ {4}http-request del-header ([A-Za-z][\w-]*)$/gm,
}

/** Every gateway does something of its own with these, on every request. */
const handled = new Set([
  'Authorization',
  'Connection',
  'Transfer-Encoding',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
])
/** Those that only a preflight loses. */
const overrides = new Set(['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])

/** The headers that a client cannot send through a gateway. */
export function deniedHeaders(name: GatewayName): string[] {
  const found = [...configurationOf(name).matchAll(denials[name])].map(([, header = '']) => header)
  return found.filter(header => !handled.has(header) && !overrides.has(header))
}

/** The expression of paths that are refused, as this gateway has it. */
export function strangePaths(name: GatewayName): string | undefined {
  return /"?~?\*?(?:\(\?i\))?(\^\(\[\^\/\].*\)\)\))['"]/.exec(configurationOf(name))?.[1]
}

/** The expression of Signet's own paths, with nothing where the path of PUBLIC_URL would be. */
export function signetPaths(name: GatewayName): string | undefined {
  const text = configurationOf(name)
    .replaceAll(/\$?\{\$?SIGNET_PATH\}/g, '')
    .replaceAll('\\$', '$')
  return /"(\^\/\(\(login.*)"/.exec(text)?.[1]
}
