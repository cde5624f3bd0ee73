/** What stands in a token, each with a sentence. */
export const headerWords: Readonly<Record<string, string>> = {
  alg: 'How it is signed. HS256: with one key that signs and checks, which only Signet and those it trusts have.',
  typ: 'What it is: at+jwt is an access token, rt+jwt a refresh token. It keeps the one from being taken for the other.',
  kid: 'Which key signed it. So keys can change while older tokens still count.',
}

export const claimWords: Readonly<Record<string, string>> = {
  iss: 'Issuer: who made it.',
  aud: 'Audience: whom it is for. Others should refuse it.',
  sub: 'Subject: whom it speaks of. An id that never changes, even when the name does.',
  client_id: 'Which application asked for it. In Signet it is always signet.',
  exp: 'Expires at: from this second on nobody accepts it.',
  iat: 'Issued at: when it was made.',
  jti: 'A name of its own, so that no two tokens are alike.',
  sid: 'The session it belongs to: one login. A logout ends everything with this sid.',
  gen: 'The generation: how many refreshes came before it. The server compares it with the row.',
  username: 'The name, as it was when the token was made.',
  email: 'The e-mail address, if there is one.',
  email_verified: 'Whether the user has shown that mail arrives there.',
  role: 'What the user may do, as of when the token was made. A change shows after the next refresh.',
  scope: 'The role again, under the name that other software looks for.',
  auth_time: 'When the user last proved who they are.',
  amr: 'How they proved it: pwd is a password, otp a code of an app, hwk or swk a passkey; mfa says that it was two factors.',
  token_type: 'The type once more, for whoever does not read the header.',
}

/** Those that are moments. */
export const moments: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'auth_time'])

export const partWords = [
  'Header: which kind, which key.',
  'Claims: what the token says. Not encrypted: whoever holds it can read this.',
  'Signature: made of the two parts before it, with a key that only the server has. Change one character anywhere and it no longer fits.',
] as const
