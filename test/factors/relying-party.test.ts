/** Who may ask an authenticator in our name, and by which keys it may answer. */
import t from 'tap'
import { isProblem } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { asUser } from '../helpers/authenticator.ts'
import { createAuthenticator } from '../helpers/passkey.ts'
import { claimsOf } from '../helpers/tokens.ts'

const [own, listed, unlisted] = ['auth', 'app', 'blog'].map(name => `https://${name}.example.com`) as [
  string,
  string,
  string,
]
const rpId = 'example.com'

t.test('passkeys are good from our own page and those of COOKIE_ORIGINS, by each algorithm asked for', async t => {
  const service = await testApp(t, {
    secondFactor: 'optional',
    publicUrl: own,
    cookieOrigins: [listed],
    passkeyRpId: rpId,
  })
  const ask = asUser(service, (await service.logIn('maria')).access_token)
  const post = (url: string, body?: object) => service.app.inject({ method: 'POST', url, ...(body && { body }) })
  const questions = async () => (await ask('POST', '/me/passkeys/options')).json()
  const logInBy = async (key: ReturnType<typeof createAuthenticator>, origin: string) =>
    post('/login/passkey', { response: key.get((await post('/login/passkey/options')).json(), { origin }) })

  const algorithms = [-7, -8, -257].map(alg => ({ type: 'public-key', alg }))
  t.strictSame((await questions()).pubKeyCredParams, algorithms, 'Windows Hello needs the last one')
  for (const [kind, page] of [
    ['ES256', own],
    ['EdDSA', listed],
    ['RS256', listed],
  ] as const) {
    const key = createAuthenticator({ origin: page, rpId }, kind)
    const foreign = { name: 'x', response: key.create(await questions(), { origin: unlisted }) }
    isProblem(t, await ask('POST', '/me/passkeys', foreign), 401, 'invalid_code', kind)
    const added = await ask('POST', '/me/passkeys', { name: kind, response: key.create(await questions()) })
    t.equal(added.statusCode, 201, kind)
    for (const origin of [own, listed]) {
      const { statusCode, json } = await logInBy(key, origin)
      t.equal(statusCode, 200, `${kind} at ${origin}`)
      t.equal(claimsOf(json().access_token)['sub'], 'user-2')
    }
    isProblem(t, await logInBy(key, unlisted), 401, 'invalid_code', `${kind} at a page that is nobody's`)
  }
})
