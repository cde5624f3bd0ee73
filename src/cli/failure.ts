/** What went wrong, for the person at the keyboard: one line each on standard error, no stack, no secret. */

import { SignetError } from '../base/errors.ts'
import { asThrown } from '../base/thrown.ts'
import { ConfigError } from '../config/config.ts'
import { type Call, say } from './call.ts'

/** The command was called in a wrong way: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Says what went wrong. @returns the exit code */
export function explain(call: Call, error: unknown): 1 | 2 {
  for (const line of linesOf(error)) say(call, line)
  return error instanceof UsageError ? 2 : 1
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.mistakes
  if (!(error instanceof SignetError)) return [asThrown(error).message]
  if (error.mistakes) return error.mistakes.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`.trim())
  return [error.code === 'taken' ? error.detail : error.message]
}
