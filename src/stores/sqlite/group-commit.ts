/**
 * One commit for all writes that came in the same turn of the event loop. A commit waits for the disk, so under load this
 * is most of what a refresh costs; each write is answered only after the commit that holds it.
 */
interface Write {
  act(): unknown
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** So that no group keeps the event loop for long. */
const largestGroup = 200

/**
 * @param transaction runs synchronous acts all or nothing, again while the database is locked
 * @param isOfOneWrite whether an error says something about one write only (a constraint), and not about the database
 */
export function createGroupCommit(
  transaction: <T>(act: () => T) => Promise<T>,
  isOfOneWrite: (error: unknown) => boolean,
): <T>(act: () => T) => Promise<T> {
  const waiting: Write[] = []

  async function flush(): Promise<void> {
    const group = waiting.splice(0, largestGroup)
    if (waiting.length > 0) setImmediate(flush)
    try {
      const outcomes = await transaction(() => group.map(outcomeOf))
      for (const [index, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[index]
        if (outcome && 'error' in outcome) reject(outcome.error)
        else resolve(outcome?.value)
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  /** A statement that fails undoes itself and nothing else of its transaction, so its neighbours are kept. */
  function outcomeOf({ act }: Write): { value: unknown } | { error: unknown } {
    try {
      return { value: act() }
    } catch (error) {
      if (isOfOneWrite(error)) return { error }
      throw error
    }
  }

  return <T>(act: () => T) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ act, resolve: resolve as (value: unknown) => void, reject })
      if (waiting.length === 1) setImmediate(flush)
    })
}
