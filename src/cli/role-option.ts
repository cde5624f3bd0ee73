/** `--role`: any word will do, and so a slip of the keyboard would make an administrator who administers nothing. */
import { letterDistance } from '../base/letter-distance.ts'
import { rolePattern } from '../users/account.ts'
import { confirm } from './ask.ts'
import { type Call, isInteractive } from './call.ts'
import { UsageError } from './failure.ts'

/** @throws {UsageError} when it cannot be a role */
export function role(text: string): string {
  if (new RegExp(rolePattern).test(text)) return text
  throw new UsageError('a role is 1 to 64 of a-z, 0-9, dot, underscore, hyphen')
}

/** The two roles that Signet gives a meaning to. */
const known: readonly string[] = ['admin', 'user']

/** Asks back when a role is nearly one of these. @throws {UsageError} when nobody can be asked and `--yes` was not given */
export async function requireMeant(call: Call, wanted: string | undefined, yes: boolean | undefined): Promise<void> {
  const meant = wanted === undefined || yes ? undefined : nearest(wanted)
  if (meant === undefined) return
  if (!isInteractive(call)) throw new UsageError(`the role ${wanted} is not ${meant}: add --yes if it is what you mean`)
  if (!(await confirm(call, `The role ${wanted} is not ${meant}. Is it what you mean?`)))
    throw new Error('nothing was done')
}

function nearest(wanted: string): string | undefined {
  if (known.includes(wanted)) return undefined
  return wanted.startsWith('adm') ? 'admin' : known.find(one => letterDistance(one, wanted.slice(0, 9)) <= 1)
}
