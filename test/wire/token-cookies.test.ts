/** Reading a `Cookie` header: what is ours, and what only looks like it. */
import t from 'tap'
import { readTokenCookies } from '../../src/wire/token-cookies.ts'

t.test('both tokens are found among other cookies, as they are', async t => {
  for (const [header, tokens] of [
    ['__Host-signet_access=a.b.c', { access: 'a.b.c' }],
    ['theme=dark; __Host-signet_refresh=r; __Host-signet_access=a; x', { access: 'a', refresh: 'r' }],
    ['__Host-signet_access=a;__Host-signet_refresh=r', { access: 'a', refresh: 'r' }],
    ['\t __Host-signet_access \t= a \t; ;;', { access: 'a' }],
    ['__Host-signet_access=a=b%2e"', { access: 'a=b%2e"' }],
    ['__Host-signet_access=', { access: '' }],
    ['', {}],
    [';', {}],
  ] as const) {
    t.strictSame(readTokenCookies(header), tokens, header)
  }
})

t.test('a name that only looks like ours is not ours: browsers let other hosts set those', async t => {
  const names = [
    'signet_access',
    '__Host-signet_acces',
    '__host-signet_access',
    '__HOST-SIGNET_ACCESS',
    '__Secure-signet_access',
    '"__Host-signet_access"',
    '__Host-signet%5Faccess',
    '$__Host-signet_access',
    ...['\u00a0', '\u0085', '\u2000', '\u2028', '\u3000', '\ufeff', '\v', '\f', '\0', '\u00c2\u00a0'],
  ].map(name => (name.length < 3 ? `${name}__Host-signet_access` : name))
  for (const name of names) t.strictSame(readTokenCookies(`${name}=x`), {}, encodeURIComponent(name))
  t.strictSame(readTokenCookies('__Host-signet_access'), {}, 'a value without a name')
  t.strictSame(readTokenCookies('x=__Host-signet_access=y'), {}, 'a value that looks like a cookie')
})

t.test('one of ours sent twice is refused, even when both are equal; others may repeat', async t => {
  for (const name of ['__Host-signet_access', '__Host-signet_refresh']) {
    for (const [first, second] of [
      ['a', 'b'],
      ['a', 'a'],
      ['', 'a'],
      ['a', ''],
      ['', ''],
    ]) {
      const header = `${name}=${first}; x=1; ${name}=${second}`
      t.throws(() => readTokenCookies(header), { code: 'invalid_token' }, header)
    }
  }
  t.strictSame(readTokenCookies('x=1; x=2; __Host-signet_access=a'), { access: 'a' })
})
