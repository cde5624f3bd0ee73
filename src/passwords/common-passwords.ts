/** The passwords everybody tries first. The list is large, so it is loaded when the first password is set. */
let common: Promise<ReadonlySet<string>> | undefined

/** Whether a password stands in the list, in any case. */
export async function isCommonPassword(password: string): Promise<boolean> {
  common ??= load().catch(error => {
    common = undefined // the next one may find it
    throw error
  })
  return (await common).has(password.toLowerCase())
}

async function load(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set(dictionary['passwords-common'])
}
