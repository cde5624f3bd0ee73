/** Tells of every failure of the database, whoever asked: a request, a timer, the readiness check. */
import type { Stores } from '../stores/stores.ts'

/** @returns the same stores, whose every rejected promise is told to `onFailure` first */
export function watchStores(stores: Stores, onFailure: (error: unknown) => void): Stores {
  const { users, sessions, limits, attempts, keys, mails, factors, challenges } = stores
  const { ping } = watched({ ping: stores.ping }, onFailure)
  // On top of the original, because `salt` and `schema` are getters that throw while a server is away.
  return Object.assign(Object.create(stores) as Stores, {
    users: watched(users, onFailure),
    sessions: watched(sessions, onFailure),
    limits: watched(limits, onFailure),
    attempts: watched(attempts, onFailure),
    keys: watched(keys, onFailure),
    mails: watched(mails, onFailure),
    factors: watched(factors, onFailure),
    challenges: watched(challenges, onFailure),
    ping,
  })
}

type Method = (...args: unknown[]) => Promise<unknown>

/** Stores are plain objects of functions that do not use `this`. */
function watched<T extends object>(store: T, onFailure: (error: unknown) => void): T {
  const methods = Object.entries(store as Record<string, Method>).map(([name, method]) => {
    const told: Method = (...args) => {
      const answer = method(...args)
      answer.catch(onFailure)
      return answer
    }
    return [name, told]
  })
  return Object.fromEntries(methods)
}
