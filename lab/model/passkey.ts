/** The browser's own passkeys (WebAuthn level 3): by the options of an answer, as JSON, what a request takes. */

/** The page waits meanwhile, so not for as long as the server would. */
const patience = 60_000

/** @throws {Error} in words for the page when there is no answer: none fits, or somebody said no, or nothing */
export async function askBrowser(what: 'create' | 'get', options: object): Promise<object> {
  if (location.hostname !== 'localhost') throw new Error('Passkeys need a name: open this page at http://localhost.')
  try {
    const made = await (what === 'create' ? create(options) : get(options))
    if (made instanceof PublicKeyCredential) return made.toJSON()
  } catch (cause) {
    throw new Error('The browser gave no passkey. It may have none that fits, or was told not to.', { cause })
  }
  throw new Error('The browser gave no passkey.')
}

const create = (options: object) =>
  navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON),
    signal: AbortSignal.timeout(patience),
  })

const get = (options: object) =>
  navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON),
    signal: AbortSignal.timeout(patience),
  })
