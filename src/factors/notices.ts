/** What the owner of an account is told by mail, where there is mail. */
import type { User } from '../stores/stores.ts'

export type Notice = 'factor_added' | 'factor_removed' | 'recovery_codes_made' | 'codes_guessed'

export type TellOwner = (user: User, notice: Notice) => Promise<void>
