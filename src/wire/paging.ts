/** Pages in a query and in an answer. */
import { Type } from '../base/schema.ts'

/** The size of a page. */
export const Limit = Type.Optional(
  Type.String({ pattern: '^([1-9][0-9]?|100)$', description: '1 to 100; 50 when not given' }),
)

export const Next = Type.Union([Type.String(), Type.Null()], { description: 'for `after`; null on the last page' })

export function limitOf({ limit = '50' }: { readonly limit?: string }): number {
  return Number(limit)
}
