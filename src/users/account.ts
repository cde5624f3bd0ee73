/** What is asked of an account, and by whom. */
import type { Client } from '../base/client.ts'
import type { KeepAdmin } from '../stores/stores.ts'

/** What a role can be called. */
export const rolePattern = '^[a-z0-9._-]{1,64}$'

export interface NewAccount {
  readonly username: string
  readonly password: string
  readonly role?: string
  readonly email?: string | null
}

/** Somebody who chooses the password by a link. */
export type Invitation = Pick<NewAccount, 'username' | 'role'> & {
  readonly email: string
  /** Of the mail. */
  readonly language: string
}

export interface AccountChanges {
  readonly username?: string
  readonly role?: string
  readonly email?: string | null
  readonly disabled?: boolean
  readonly password?: string
}

/** Who acts, for the audit line. */
export interface Actor {
  readonly by?: string
  readonly ip?: string
}

/** With for whom a new password is hashed. */
export type ChangeOptions = KeepAdmin & { readonly client?: Client }
