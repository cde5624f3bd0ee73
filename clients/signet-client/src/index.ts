import { createClient } from './client.ts'
import { platformTime } from './time.ts'
import type { Signet, SignetOptions } from './types.ts'

export { SignetError } from './signet-error.ts'
export type * from './types.ts'

/** @throws TypeError when the options make no sense */
export function createSignet(options: SignetOptions): Signet {
  return createClient(options, platformTime)
}
