/** Which requests are believed to come from our own pages. */
import t from 'tap'
import { isUnsafe, type Sender, type SenderHeaders, senderOf } from '../../src/wire/sender.ts'

const origins = new Set(['https://auth.example.com', 'https://app.example.com'])

const table: [string, SenderHeaders, Sender][] = [
  ['a page of this very origin', { 'sec-fetch-site': 'same-origin' }, 'ours'],
  ['such a page, which names its origin too', { 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1' }, 'ours'],
  ['an older browser on our own page', { origin: 'https://auth.example.com' }, 'ours'],
  ['a page of a listed origin', { 'sec-fetch-site': 'same-site', origin: 'https://app.example.com' }, 'ours'],

  ['another host of our site', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example.com' }, 'foreign'],
  ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'foreign'],
  ['a sandboxed page', { 'sec-fetch-site': 'cross-site', origin: 'null' }, 'foreign'],
  ['our name at the beginning', { origin: 'https://app.example.com.evil.com' }, 'foreign'],
  ['our name at the end', { origin: 'https://evilapp.example.com' }, 'foreign'],
  ['a host below ours', { origin: 'https://a.app.example.com' }, 'foreign'],
  ['another port', { origin: 'https://app.example.com:8443' }, 'foreign'],
  ['another scheme', { origin: 'http://app.example.com' }, 'foreign'],
  ['another case', { origin: 'https://App.example.com' }, 'foreign'],
  ['a slash at the end', { origin: 'https://app.example.com/' }, 'foreign'],
  ['two origins', { origin: 'https://app.example.com, https://evil.example' }, 'foreign'],
  ['an empty origin', { origin: '' }, 'foreign'],

  ['nothing said', {}, 'unknown'],
  ['the address bar', { 'sec-fetch-site': 'none' }, 'unknown'],
  ['a link of another site', { 'sec-fetch-site': 'cross-site' }, 'unknown'],
  ['a neighbour without an origin', { 'sec-fetch-site': 'same-site' }, 'unknown'],
  ['another case of the word', { 'sec-fetch-site': 'Same-Origin' }, 'unknown'],
  ['the word twice', { 'sec-fetch-site': 'same-origin, same-origin' }, 'unknown'],
]

for (const [who, headers, sender] of table) {
  t.test(`${who}: ${sender}`, async t => {
    t.equal(senderOf(headers, origins), sender)
  })
}

t.test('whatever is not known to be safe is unsafe', async t => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) t.notOk(isUnsafe(method), method)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'get', 'QUERY', '']) t.ok(isUnsafe(method), method)
})
