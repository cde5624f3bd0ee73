/** How much an imported hash may ask for: never an hour, and never all the memory. */

/** For argon2id and scrypt alike: 256 MiB. */
export const maximumMemoryKib = 262_144

/** PBKDF2, of any digest. */
export const maximumRounds = 2_000_000
