/** What the owner of an account is told by mail. */
import type { Client } from '../base/client.ts'
import type { NewMail, NoticePurpose, User } from '../stores/stores.ts'

export type Notice = Extract<NoticePurpose, 'factor_added' | 'factor_removed' | 'recovery_codes_made' | 'codes_guessed'>

/**
 * The mails that tell of something, to be written with it: none where there is no mail, or no proven address.
 * @param client whose language is taken
 */
export type MailsTo = (
  user: User,
  notice: Notice,
  client?: Pick<Client, 'acceptLanguage'>,
) => readonly (NewMail & { readonly userId: string })[]
