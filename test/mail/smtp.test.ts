/** Sending by SMTP to a real server: what a mail looks like, how it is protected, and what comes of every kind of refusal. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import t from 'tap'
import { createSmtp } from '../../src/mail/smtp.ts'
import type { DeliveryError, Message } from '../../src/mail/transport.ts'
import { needs } from '../helpers/needs.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { startSmtp } from '../helpers/smtp.ts'

const from = { name: 'Signet "the seal"', address: 'no-reply@signet.example' }
const message: Message = {
  id: 'abcdefghijklmnopqrstuv',
  to: 'ana@example.com',
  subject: 'Grüße, and a long subject so that the header is folded somewhere along its way to the reader',
  text: 'Hello\n\nhttps://app.example/reset#token=canary.canary\n',
  html: '<p>Hello</p>',
  purpose: 'reset',
  language: 'en',
  at: 1,
}
/** For servers that say nothing. Whoever is to hear an answer waits as long as ever: a busy machine is no refusal. */
const quick = { connectionTimeout: 300, greetingTimeout: 300, socketTimeout: 300, dnsTimeout: 300 }
const never = new AbortController().signal

/** Why a mail did not go out. */
async function failure(sending: Promise<void>): Promise<DeliveryError> {
  return sending.then(
    () => Promise.reject(new Error('it was sent')),
    error => error,
  )
}

t.test('a mail has one recipient, both texts, a Message-ID of its row, and asks for no answer', async t => {
  const { settings, received } = await startSmtp(t)
  await createSmtp(settings, from).send(message, never)
  const [{ raw = '', ...mail } = { to: '', messageId: '' }] = received
  t.strictSame(mail, { to: 'ana@example.com', messageId: '<abcdefghijklmnopqrstuv@signet.example>' })
  t.match(raw, /^From: .*<no-reply@signet\.example>\r$/m)
  t.match(raw, /^To: ana@example\.com\r$/m)
  t.match(raw, /^Auto-Submitted: auto-generated\r$/m)
  t.match(raw, /^Content-Type: multipart\/alternative;/m)
  t.match(raw, 'https://app.example/reset#token=')
})

t.test('a recipient is never read again: no second address, no name, no header comes out of one', async t => {
  const { settings, received } = await startSmtp(t)
  const transport = createSmtp(settings, from)
  for (const to of ['a@example.com,b@example.com', 'x <b@example.com>', 'a@example.com\r\nBcc: b@example.com']) {
    await transport.send({ ...message, to }, never).catch(() => {})
  }
  t.notOk(received.some(mail => mail.to === 'b@example.com'))
  t.notOk(received.some(({ raw }) => /^Bcc:/im.test(raw)))
})

t.test('5xx to sender, recipient or mail is final; 4xx, silence and a lost connection are not', async t => {
  const { settings, answers } = await startSmtp(t)
  const [transport, hasty] = [createSmtp(settings, from), createSmtp(settings, from, quick)]
  const kinds = {
    550: true,
    451: false,
    hang: false,
    reset: false,
    'data 554': true,
    'data 452': false,
    'data reset': false,
  }
  for (const [answer, isFinal] of Object.entries(kinds)) {
    answers.set('ana@example.com', (Number(answer) || answer) as never)
    const error = await failure((answer === 'hang' ? hasty : transport).send(message, never))
    t.match(error, { name: 'DeliveryError', isFinal }, answer)
    t.notMatch(error.message, 'canary', 'and no word of the mail, which some servers repeat')
    if (Number(answer)) t.match(error.message, answer)
  }
  answers.clear()
  await transport.send(message, never)
  t.match(await failure(createSmtp({ ...settings, port: 1 }, from).send(message, never)), { isFinal: false })
})

t.test('a signal breaks a try off', async t => {
  const { settings, answers } = await startSmtp(t)
  answers.set('ana@example.com', 'hang')
  const stop = new AbortController()
  const sending = failure(createSmtp(settings, from).send(message, stop.signal))
  setTimeout(() => stop.abort(), 50)
  t.match(await sending, { isFinal: false })
})

t.test('without STARTTLS, or to a stranger, nothing is said', async t => {
  const login = { user: 'u', pass: 'p' }
  const plain = await startSmtp(t)
  const required = { ...plain.settings, tls: 'required', login } as const
  t.match(await failure(createSmtp(required, from).send(message, never)), { message: /ETLS/, isFinal: false })
  const selfSigned = await startSmtp(t, { startTls: true, login })
  const strange = { ...selfSigned.settings, tls: 'required', login } as const
  t.match(await failure(createSmtp(strange, from).send(message, never)), { isFinal: false })
  t.strictSame([plain.received, selfSigned.received, selfSigned.logins], [[], [], []])
})

t.test('with a certificate that is trusted it logs in and sends; a wrong login is to be mended, not final', async t => {
  if (!needs(t, 'openssl', '/usr/bin/openssl')) return
  const folder = await temporaryFolder(t)
  const [keyFile, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...make, ...name, '-keyout', keyFile, '-out', certificate], { stdio: 'ignore' })
  const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certificate, 'utf8')]
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, cert])
  t.teardown(() => tls.setDefaultCACertificates(before))

  const login = { user: 'signet', pass: 'p@ss word' }
  const server = await startSmtp(t, { startTls: true, key, cert, login })
  const settings = { ...server.settings, host: 'localhost', tls: 'required', login } as const
  await createSmtp(settings, from).send(message, never)
  t.equal(server.received.length, 1)
  const wrong = { ...settings, login: { ...login, pass: 'wrong' } }
  t.match(await failure(createSmtp(wrong, from).send(message, never)), { message: /535/, isFinal: false })
})
