/** What everybody may have is only to be read, and tells the application of nobody. */
import type { Test } from 'tap'
import { ask } from '../helpers/gateways.ts'
import { bearer, identityNames, named, type Setup } from './setup.ts'

/** `/`, `/page.js` and all below `/assets/`, in the words of each. */
export const publicPaths = { caddy: '/ /page.js /assets/*', others: '/(page[.]js|assets/.*)?' }

/** What makes another act of a request. */
const overrides = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']

/** @param setup of a gateway with these */
export async function showsPublicPaths(t: Test, { url, logIn, receives }: Setup): Promise<void> {
  const { access_token: token } = await logIn()
  const cookies = ['Cookie', `a=1; __Host-signet_access=${token}`]
  for (const path of ['/', '/?a=1', '/page.js', '/assets/x/y.css']) {
    for (const who of [[], bearer(token), bearer('a.b.c'), cookies, ['X-Auth-Role', 'admin']]) {
      const received = await receives({ headers: [...who, ...overrides.flatMap(name => [name, 'DELETE'])] }, path)
      for (const name of [...identityNames, 'Authorization', ...overrides])
        t.strictSame(named(received, name), [], `${path}: ${name}`)
      t.notMatch(named(received, 'cookie').join(), '__Host-signet_', path)
    }
    t.equal((await ask(url + path, { method: 'HEAD' })).status, 200)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      t.equal((await ask(url + path, { method })).status, 401, `${method} ${path}`)
  }
  for (const path of ['/orders', '/page.jsx', '/assets', '/nothing', '/admin', '/x/', '/index.html'])
    t.equal((await ask(url + path)).status, 401, path)
  for (const path of ['/assets//admin', '/assets/..%2fadmin', '/assets;/admin'])
    t.equal((await ask(url + path)).status, 400, path)
  t.strictSame(named(await receives({ headers: bearer(token) }), 'x-auth-username'), ['maria'], 'elsewhere it is told')
}
