/** What the time is and how long things take, so that tests move it instead of waiting. */
export interface Time {
  /** Seconds since the epoch, by a clock that somebody may set: for what a token says. */
  date(): number
  /** Seconds that go by whatever anybody does to a clock. */
  elapsed(): number
}

export const systemTime: Time = {
  date: () => Math.floor(Date.now() / 1000),
  elapsed: () => performance.now() / 1000,
}
