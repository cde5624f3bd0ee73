/** The hash parameters of a Firebase project, as its console shows them (docs/moving-in.md). */

export interface FirebaseParameters {
  readonly signerKey: string
  readonly saltSeparator: string
  readonly rounds: number
  readonly memoryCost: number
}

/** @throws {Error} naming the parameter that is missing; what is there is not repeated, because it is secret */
export function readFirebaseParameters(text: string): FirebaseParameters {
  const value = (name: string, form: string) => {
    const [, found] = new RegExp(`\\b${name}"?\\s*[:=]\\s*"?(${form})`).exec(text) ?? []
    if (found === undefined) throw new Error(`the parameters have no ${name}`)
    return found
  }
  return {
    signerKey: value('base64_signer_key', '[A-Za-z0-9+/]+={0,2}'),
    saltSeparator: value('base64_salt_separator', '[A-Za-z0-9+/]*={0,2}'),
    rounds: Number(value('rounds', '\\d{1,2}')),
    memoryCost: Number(value('mem_cost', '\\d{1,2}')),
  }
}

/** One user's hash in the form in which it is stored (scrypt-hash.ts). */
export function firebaseHash(parameters: FirebaseParameters, salt: string, hash: string): string {
  const { signerKey, saltSeparator, rounds, memoryCost } = parameters
  // An export for the web writes base64url.
  const [standardSalt, standardHash] = [salt, hash].map(one => one.replaceAll('-', '+').replaceAll('_', '/'))
  return `$fbscrypt$v=1,n=${memoryCost},r=${rounds},p=1,ss=${saltSeparator},sk=${signerKey}$${standardSalt}$${standardHash}`
}
