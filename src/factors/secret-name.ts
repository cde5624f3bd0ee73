/** The name under which a TOTP secret is sealed: nobody's row can carry somebody else's. */
export function secretName(userId: string): string {
  return `totp ${userId}`
}
