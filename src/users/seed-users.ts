/** The first users of a database, from the file that `SEED_USERS_FILE` names. */
import { SignetError } from '../base/errors.ts'
import type { UserService } from './user-service.ts'

/**
 * What is wrong with the file is told with the variable.
 * @throws {SignetError} `unavailable` when the database is away
 * @throws {Error} naming the variable, the file and the line
 */
export async function seedUsers(users: Pick<UserService, 'seedFrom'>, file: string): Promise<void> {
  try {
    await users.seedFrom(file)
  } catch (error) {
    if (error instanceof SignetError && error.code === 'unavailable') throw error
    throw new Error(`SEED_USERS_FILE: ${(error as Error).message}`, { cause: error })
  }
}
