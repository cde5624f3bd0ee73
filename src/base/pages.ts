/** Long lists are read page by page, and a page says where the next one begins. */

export interface Page<Item, Position> {
  readonly items: readonly Item[]
  /** For the page behind this one; undefined on the last. */
  readonly next: Position | undefined
}

/**
 * Reads one more than the page has room for, which tells whether there is another page.
 * @param read up to so many, in the order of their positions
 */
export async function readPage<Item, Position>(
  limit: number,
  read: (limit: number) => Promise<Item[]>,
  positionOf: (last: Item) => Position,
): Promise<Page<Item, Position>> {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  const last = found.length > limit ? items.at(-1) : undefined
  return { items, next: last === undefined ? undefined : positionOf(last) }
}

/** The items of all pages, a page at a time. */
export async function* everyPage<Item, Position>(
  read: (after: Position | undefined) => Promise<Page<Item, Position>>,
): AsyncGenerator<readonly Item[]> {
  let after: Position | undefined
  do {
    const { items, next } = await read(after)
    yield items
    after = next
  } while (after !== undefined)
}
