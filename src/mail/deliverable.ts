/**
 * Whether mail can be sent to an address: narrower than what may be stored. No quoted local part (RFC 5321 section 4.1.2: "a
 * host that expects to receive mail SHOULD avoid defining mailboxes" that need one), which readers of headers and of SMTP
 * read differently; no address literal; a domain of letters, digits and hyphens.
 */
const local = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u
const domain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/

/** @param email in canonical form */
export function isDeliverable(email: string): boolean {
  const at = email.lastIndexOf('@')
  return at > 0 && at <= 64 && local.test(email.slice(0, at)) && domain.test(email.slice(at + 1))
}
