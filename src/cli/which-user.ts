/** One user, by a name or an id. A name can be another user's id, and then nobody is guessed at. */
import { Option } from 'commander'
import { SignetError } from '../base/errors.ts'
import type { User } from '../stores/stores.ts'
import type { Accounts } from '../users/accounts.ts'

export interface UserChoice {
  readonly by?: 'name' | 'id'
}

export const userOption = () =>
  new Option('--by <kind>', 'what the user is given by, should it be both').choices(['name', 'id'])

export async function oneOf(users: Pick<Accounts, 'lookUp'>, nameOrId: string, { by }: UserChoice): Promise<User> {
  try {
    return await users.lookUp(nameOrId, by)
  } catch (error) {
    if (!(error instanceof SignetError && error.mistakes)) throw error
    throw new Error('that is the name of one user and the id of another: add --by name or --by id', { cause: error })
  }
}
