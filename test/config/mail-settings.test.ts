/** What is said about mail: which settings are good, and what a mistake in one is called. */
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { newSecret } from '../helpers/tokens.ts'

const common = {
  JWT_SECRET_KEY: newSecret(),
  MAIL_FROM: 'Example <no-reply@example.com>',
  RESET_URL: 'https://app.example.com/reset',
  VERIFY_URL: 'https://app.example.com/verify?a=b',
}
const secret = `whsec_${randomBytes(32).toString('base64')}`

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...common, ...env })
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}

t.test('without SMTP_URL and MAIL_WEBHOOK_URL there is no mail', t => {
  t.match(loadConfig({ JWT_SECRET_KEY: common.JWT_SECRET_KEY }), { mail: undefined, emailVerification: 'off' })
  t.match(mistakesOf({ EMAIL_VERIFICATION: 'required' }), [/^EMAIL_VERIFICATION must not be required without mail/])
  t.end()
})

t.test('SMTP_URL says where, how safely and as whom', t => {
  const of = (SMTP_URL: string) => loadConfig({ ...common, SMTP_URL }).mail?.transport
  t.strictSame(of('smtp://mail.example.com'), {
    kind: 'smtp',
    host: 'mail.example.com',
    port: 587,
    tls: 'required',
    login: undefined,
  })
  const login = { user: 'us@er', pass: 'p:ss/' }
  t.match(of('smtps://us%40er:p%3Ass%2F@mail.example.com'), { port: 465, tls: 'at once', login })
  t.match(of('smtp://127.0.0.1:2525?tls=off'), { host: '127.0.0.1', port: 2525, tls: 'off' })
  t.match(of('smtp://[::1]:25/'), { host: '::1', port: 25, tls: 'required' })
  const wrong = [
    'mail.example.com',
    'http://x',
    'smtp://',
    'smtp://x/path',
    'smtp://x#y',
    'smtp://x?tls=no',
    'smtp://%@x',
  ]
  for (const one of [...wrong, 'smtps://x?tls=off', 'smtp://x?tls=off&a=b', 'smtp://:pass@x']) {
    t.match(mistakesOf({ SMTP_URL: one }), [/^SMTP_URL /], one)
  }
  t.notMatch(mistakesOf({ SMTP_URL: 'smtp://user:canary@x/path' }).join(), 'canary')
  t.end()
})

t.test('a mailbox of the process is for the lab', t => {
  t.match(mistakesOf({ SMTP_URL: 'memory:' }), [/^SMTP_URL must not be memory: without LAB/])
  t.match(loadConfig({ ...common, SMTP_URL: 'memory:', LAB: 'true' }).mail?.transport, { kind: 'memory' })
  t.end()
})

t.test('MAIL_WEBHOOK_URL is safe and signed', t => {
  const webhook = { MAIL_WEBHOOK_URL: 'https://mail.example.com/hook', MAIL_WEBHOOK_SECRET: secret }
  t.match(loadConfig({ ...common, ...webhook }), {
    mail: { transport: { kind: 'webhook', url: webhook.MAIL_WEBHOOK_URL } },
    emailVerification: 'optional',
  })
  t.strictSame(mistakesOf({ ...webhook, MAIL_WEBHOOK_URL: 'http://127.0.0.1:8080/hook' }), [])
  for (const url of ['http://mail.example.com/', 'ftp://x', 'x', 'https://u:p@x/', 'https://x/#y']) {
    t.match(mistakesOf({ ...webhook, MAIL_WEBHOOK_URL: url }), [/^MAIL_WEBHOOK_URL must be an https URL/], url)
  }
  const bytes = (count: number) => `whsec_${randomBytes(count).toString('base64')}`
  for (const count of [24, 64]) t.strictSame(mistakesOf({ ...webhook, MAIL_WEBHOOK_SECRET: bytes(count) }), [])
  for (const one of [bytes(23), bytes(65), 'whsec_', 'x', randomBytes(32).toString('base64'), 'whsec_%%%']) {
    t.match(mistakesOf({ ...webhook, MAIL_WEBHOOK_SECRET: one }), [/^MAIL_WEBHOOK_SECRET must be whsec_/])
  }
  t.match(mistakesOf({ MAIL_WEBHOOK_URL: webhook.MAIL_WEBHOOK_URL }), [/^MAIL_WEBHOOK_SECRET is required/])
  t.match(mistakesOf({ ...webhook, SMTP_URL: 'smtp://x' }), [/both given/])
  t.end()
})

t.test('with mail, the sender and both pages are needed', t => {
  const SMTP_URL = 'smtp://mail.example.com'
  for (const name of ['MAIL_FROM', 'RESET_URL', 'VERIFY_URL']) {
    t.match(mistakesOf({ SMTP_URL, [name]: '' }), [new RegExp(`^${name} is required with mail`)])
  }
  const from = (MAIL_FROM: string) => loadConfig({ ...common, SMTP_URL, MAIL_FROM }).mail?.from
  t.strictSame(from('Example Ltd. <no-reply@example.com>'), { name: 'Example Ltd.', address: 'no-reply@example.com' })
  t.strictSame(from('no-reply@example.com'), { name: '', address: 'no-reply@example.com' })
  for (const one of ['Example', 'a@b@c', '<a@b', 'a b@c', 'x\u0007<a@example.com>', '"a"@example.com', 'a@b, c@d']) {
    t.match(mistakesOf({ SMTP_URL, MAIL_FROM: one }), [/^MAIL_FROM must be an address/], one)
  }
  for (const name of ['RESET_URL', 'VERIFY_URL']) {
    for (const url of [
      '/reset',
      'ftp://x/',
      'https://x/#a',
      'https://x/#',
      'javascript:alert(1)',
      'https://x/"',
      'https://x/a b',
    ]) {
      t.match(mistakesOf({ SMTP_URL, [name]: url }), [new RegExp(`^${name} must be the URL of a page`)], url)
    }
  }
  t.end()
})
