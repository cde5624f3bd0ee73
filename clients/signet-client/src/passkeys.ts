/**
 * Passkeys, beside a password or in its place. Apart from the rest, so that only who uses them loads this. A login
 * that is asked for here goes through the one of the library, which knows nothing of it: its request is sent to another path,
 * with another body.
 */
import { createSignet, type SignetError } from './index.ts'
import { answerOf, jsonOf } from './requests.ts'
import type { Signet, SignetOptions, User } from './types.ts'

export interface Passkey {
  readonly id: string
  readonly name: string
  /** Moments are ISO 8601 texts. */
  readonly created_at: string
  readonly last_used_at: string | null
  /** Whether there is a copy of it elsewhere. */
  readonly synced: boolean
}

/** Where the browser is asked, its own errors come through: `NotAllowedError` when the user does not want to. */
export interface SignetWithPasskeys extends Signet {
  /** Without a name and a password. @throws SignetError `invalid_code`, … */
  loginWithPasskey(): Promise<User>

  /** @param refusal what `login` threw: `second_factor_required` */
  answerWithPasskey(refusal: SignetError): Promise<User>

  /** Like `confirm`. */
  confirmWithPasskey(): Promise<void>

  passkeys(): Promise<readonly Passkey[]>
  /** @param name for its owner @throws SignetError `fresh_login_required`: confirm, and again */
  addPasskey(name: string): Promise<Passkey>
  removePasskey(id: string): Promise<void>
}

/** Instead of `createSignet`. @throws TypeError when the options make no sense */
export function createSignetWithPasskeys(options: SignetOptions): SignetWithPasskeys {
  const { fetch: send = fetch } = options
  const base = new URL(options.url, (globalThis.location as Location | undefined)?.href).href.replace(/\/$/, '')
  /** What is sent instead, by what the library takes for a name. */
  const instead = new Map<string, { readonly path: string; readonly body: object }>()

  const signet = createSignet({
    ...options,
    fetch: (input, init) => {
      const { username, mode } = typeof init?.body === 'string' ? jsonOf(init.body) : {}
      const other = instead.get(username as string)
      if (!other) return send(input, init)
      return send(base + other.path, { ...init, body: JSON.stringify({ ...other.body, mode }) })
    },
  })

  async function login(path: string, body: object): Promise<User> {
    const key = `instead ${crypto.randomUUID()}`
    instead.set(key, { path, body })
    return signet.login(key, '').finally(() => instead.delete(key))
  }

  async function ask(by: typeof fetch, path: string, method = 'GET', body?: object) {
    const json = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return (await answerOf(by(base + path, { method, redirect: 'error', ...json }))).answer
  }

  const mine = (path: string, method?: string, body?: object) => ask(signet.fetch, path, method, body)

  const others: Omit<SignetWithPasskeys, keyof Signet> = {
    loginWithPasskey: async () =>
      login('/login/passkey', { response: await assertionFor(await ask(send, '/login/passkey/options', 'POST')) }),
    async answerWithPasskey({ problem: { challenge, passkey } }) {
      return login('/login/second-factor', { challenge, passkey: await assertionFor(passkey) })
    },
    confirmWithPasskey: async () =>
      signet.confirm({ passkey: await assertionFor(await mine('/me/confirm/options', 'POST')) }),
    passkeys: async () => (await mine('/me/passkeys'))['passkeys'] as Passkey[],
    async addPasskey(name) {
      const options = await mine('/me/passkeys/options', 'POST')
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as never)
      const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential
      return (await mine('/me/passkeys', 'POST', { name, response: made.toJSON() })) as unknown as Passkey
    },
    removePasskey: async id => void (await mine(`/me/passkeys/${encodeURIComponent(id)}`, 'DELETE')),
  }
  return Object.assign(signet, others)
}

async function assertionFor(options: unknown): Promise<object> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as never)
  return ((await navigator.credentials.get({ publicKey })) as PublicKeyCredential).toJSON()
}
