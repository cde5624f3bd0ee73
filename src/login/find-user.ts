/** Whom a person means by what was typed. */
import { spellingsOf } from '../names/email.ts'
import { canonicalUsername } from '../names/username.ts'
import type { User, UserStore } from '../stores/stores.ts'

/** @param typed a name, or an e-mail address in any of its spellings */
export async function findUser(
  users: Pick<UserStore, 'findByEmail' | 'findByUsername'>,
  typed: string,
): Promise<User | undefined> {
  const spellings = spellingsOf(typed)
  if (spellings.length > 0) return users.findByEmail(...spellings)
  const username = canonicalUsername(typed)
  return username === undefined ? undefined : users.findByUsername(username)
}
