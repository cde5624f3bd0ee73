/** What the library knows of time, handed in, so that tests move it instead of sleeping. Milliseconds throughout. */
export interface Time {
  /** Goes forward whatever anybody does to a clock, but may stand still while the computer sleeps. */
  now(): number
  /** The computer's own date, which may be wrong by years. Only how far it has moved is ever used. */
  date(): number
  sleep(milliseconds: number): Promise<void>
  /** Calls back later. @returns what `clearTimeout` takes */
  after(milliseconds: number, act: () => void): ReturnType<typeof setTimeout> | undefined
}

export const platformTime: Time = {
  now: () => performance.now(),
  date: () => Date.now(),
  sleep: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
  after: (milliseconds, act) => setTimeout(act, milliseconds),
}
