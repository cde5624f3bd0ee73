/** Where things are. */
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')

/** What tests make once and find again, also in the next run. */
export const cache = join(root, 'node_modules', '.cache', 'signet-tests')
