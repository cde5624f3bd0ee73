/** The two instances of the lab: as Signet comes, and strict. The rest of them is alike. */
export const rules = {
  calm: { REFRESH_RACE_WINDOW: '30', REFRESH_RETRIES_PER_DAY: '2' },
  strict: { REFRESH_RACE_WINDOW: '0', REFRESH_RETRIES_PER_DAY: '0' },
} as const

export type Rules = keyof typeof rules
