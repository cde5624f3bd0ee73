/** Variables that look like ours and are not: with `DATABSE_URL` the service would start, on another database. */
import { letterDistance } from '../base/letter-distance.ts'

/**
 * @param known the names of all variables
 * @param withFile those that may be given as `NAME_FILE`
 * @returns a line for each that is probably meant for us, with what was probably meant; never a value
 */
export function misspeltVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
  withFile: ReadonlySet<string>,
): string[] {
  const names = [...known, ...[...withFile].map(name => `${name}_FILE`)]
  const lines: string[] = []
  for (const name of Object.keys(env).sort()) {
    if (names.includes(name) || !env[name] || ofKubernetes.test(name) || ofCopy.test(name)) continue
    const shown = name.replace(/[^\w.-]/g, '?') // it goes to terminals
    const [, withoutFile = ''] = /^(.+)_FILE$/.exec(name) ?? []
    if (known.includes(withoutFile)) lines.push(`${shown} does nothing: ${withoutFile} cannot be read from a file`)
    else {
      const meant = nearest(name, names)
      if (meant) lines.push(`${shown} is not known and does nothing: did you mean ${meant}?`)
    }
  }
  return lines
}

/** What Kubernetes sets for a Service, called signet or registration as it may be. */
const ofKubernetes = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/

/** What `signet db copy` reads beside them, which is near to ours by intent. */
const ofCopy = /^(?:FROM|TO)_DATABASE_URL(?:_FILE)?$/

function nearest(name: string, names: readonly string[]): string | undefined {
  const upper = name.toUpperCase().replaceAll('-', '_')
  const isOurs = upper.startsWith('JWT_') // whatever is nearest was meant
  const [best] = names
    .filter(known => isOurs || Math.abs(upper.length - known.length) <= slipsIn(known)) // each is a letter more or less
    .map(known => ({ known, steps: upper === known ? 0 : letterDistance(upper, known) }))
    .sort((a, b) => a.steps - b.steps)
  if (best && best.steps <= slipsIn(best.known)) return best.known
  // JWT_SECRET, TRUSTED_PROXY, USERS_FILE: a part, or another ending.
  const longer = names.find(known => {
    const isPart = known.startsWith(upper.slice(0, -1)) && upper.length > Math.max(3, known.length - 6) // `_` is the shell's
    return upper.includes('_') && (isPart || known.endsWith(`_${upper}`))
  })
  return longer ?? (isOurs ? best?.known : undefined)
}

/** One in a short name, one more for every eight letters; of a name of three letters everything is near. */
function slipsIn(known: string): number {
  return known.length <= 3 ? 0 : 1 + Math.floor(known.length / 8)
}
