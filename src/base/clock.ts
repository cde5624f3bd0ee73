/** The time in whole seconds since the epoch (RFC 7519 NumericDate). Injected, so that tests move it instead of sleeping. */
export type Clock = () => number

export const systemClock: Clock = () => Math.floor(Date.now() / 1000)

/** Seconds that go by whatever anybody does to a clock; they count from no moment in particular. */
export type Stopwatch = () => number

export const systemStopwatch: Stopwatch = () => performance.now() / 1000
