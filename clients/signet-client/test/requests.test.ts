/**
 * Each request: Signet redirects nobody, and a 307 would carry the secret in the body to wherever it points, so none follows
 * one; and an answer that breaks off is none.
 */
import t from 'tap'
import { createSignetMail, type SignetMail } from '../src/mail.ts'
import { createSignetWithPasskeys, type SignetWithPasskeys } from '../src/passkeys.ts'

t.test('nothing that is asked of Signet follows a redirect, whichever way the tokens go', async t => {
  for (const mode of ['bearer', 'cookie'] as const) {
    const followed: string[] = []
    const asked = new Set<string>()
    const send: typeof fetch = async (input, init) => {
      const { pathname } = new URL(String(input))
      asked.add(pathname)
      if (init?.redirect !== 'error') followed.push(pathname)
      if (pathname === '/login' || pathname === '/refresh') return Response.json(tokens)
      return Response.json({ code: 'token_expired' }, { status: pathname === '/me/account' ? 401 : 200 })
    }
    const url = 'https://auth.example'
    const signet = createSignetWithPasskeys({ url, mode, storage: 'memory', fetch: send })
    const mail = createSignetMail(signet, url)
    for (const act of Object.values(actsOf(signet, mail))) await act().catch(() => {})
    t.strictSame(followed, [], mode)
    t.strictSame(
      [...asked].sort(),
      [
        ...['/email/verify', '/login', '/login/passkey/options', '/logout', '/logout/all', '/me', '/me/account'],
        ...['/me/confirm', '/me/confirm/options', '/me/passkeys', '/me/passkeys/x', '/me/password'],
        ...['/password/forgot', '/password/reset', '/refresh', '/register', '/sessions', '/sessions/x'],
      ],
      `${mode}: all of it was asked`,
    )
  }
})

t.test('who gets half an answer is told that there was none, whatever was asked', async t => {
  for (const mode of ['bearer', 'cookie'] as const) {
    let isWhole = true
    const send: typeof fetch = async () => {
      if (isWhole) return Response.json(tokens)
      const body = new ReadableStream({
        start: half => half.enqueue(new TextEncoder().encode('{"passkeys":[')),
        pull: half => half.error(new TypeError('terminated')),
      })
      return new Response(body)
    }
    const url = 'https://auth.example'
    const signet = createSignetWithPasskeys({ url, mode, storage: 'memory', fetch: send })
    const { logout, ...acts } = actsOf(signet, createSignetMail(signet, url)) // which tries again for 25 s
    for (const [name, act] of Object.entries(acts)) {
      isWhole = true
      await signet.login('maria', 'x')
      isWhole = false
      await t.rejects(act(), { name: 'SignetError', code: 'network', status: 0 }, `${mode}: ${name}`)
    }
  }
})

function actsOf(signet: SignetWithPasskeys, mail: SignetMail): Record<string, () => Promise<unknown>> {
  return {
    login: () => signet.login('maria', 'x'),
    me: () => signet.me(),
    sessions: () => signet.sessions(),
    endSession: () => signet.endSession('x'),
    changePassword: () => signet.changePassword('x', 'y'),
    account: () => signet.account(),
    confirm: () => signet.confirm({ current_password: 'x' }),
    passkeys: () => signet.passkeys(),
    removePasskey: () => signet.removePasskey('x'),
    loginWithPasskey: () => signet.loginWithPasskey(),
    confirmWithPasskey: () => signet.confirmWithPasskey(),
    register: () => mail.register({ username: 'x', password: 'y' }),
    forgotPassword: () => mail.forgotPassword('x'),
    resetPassword: () => mail.resetPassword('x', 'y'),
    verifyEmail: () => mail.verifyEmail('x'),
    changeEmail: () => mail.changeEmail('x@example.com'),
    logout: () => signet.logout(),
    'login again': () => signet.login('maria', 'x'),
    logoutEverywhere: () => signet.logoutEverywhere(),
  }
}

const jwt = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`
const tokens = {
  access_token: jwt({ sub: 'user-2', username: 'maria', email: null, role: 'user' }),
  refresh_token: jwt({ sid: 's', gen: 0 }),
  expires_in: 900,
}
