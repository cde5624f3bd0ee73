/**
 * Whether every client seems to have one address, which is what a gateway that TRUSTED_PROXIES does not name looks like.
 * Counts by the minute and remembers one network of each, so it stays as small however many clients there are.
 */
import type { Clock } from '../base/clock.ts'

export const windowSeconds = 300
export const leastRequests = 100

const bucketSeconds = 60

export interface SharedAddress {
  /** @param networkOf undefined when the client has gone; asked only while its answer matters, for it costs a little */
  note(networkOf: () => string | undefined): void
  /** Whether the last five minutes had at least 100 requests, and all of one network. */
  isShared(): boolean
}

interface Bucket {
  readonly number: number
  readonly network: string
  isMixed: boolean
  count: number
}

export function watchForSharedAddress(clock: Clock): SharedAddress {
  let buckets: Bucket[] = []

  return {
    note(networkOf) {
      const number = Math.floor(clock() / bucketSeconds)
      const bucket = buckets.at(-1)
      if (bucket?.number === number && bucket.isMixed) return
      const network = networkOf()
      if (network === undefined) return
      if (bucket?.number !== number) {
        buckets = [...buckets, { number, network, isMixed: false, count: 1 }].slice(-windowSeconds / bucketSeconds)
        return
      }
      bucket.count++
      if (network !== bucket.network) bucket.isMixed = true
    },
    isShared() {
      const oldest = Math.floor(clock() / bucketSeconds) - windowSeconds / bucketSeconds
      const recent = buckets.filter(({ number }) => number > oldest)
      const isOne = recent.every(({ network, isMixed }) => !isMixed && network === recent[0]?.network)
      return isOne && recent.reduce((sum, { count }) => sum + count, 0) >= leastRequests
    },
  }
}
