/** A real SMTP server that does what a test says. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { Test } from 'tap'
import type { SmtpSettings } from '../../src/config/mail-settings.ts'

export interface Received {
  readonly to: string
  readonly messageId: string
  readonly raw: string
}

/** To a recipient: a refusal by its code, nothing for ever, a connection that is gone; or `data …` after the text was sent. */
export type Answer = number | 'hang' | 'reset' | `data ${number}` | 'data reset'

export interface Smtp {
  readonly settings: SmtpSettings
  readonly received: Received[]
  /** What recipients get instead of being taken. */
  readonly answers: Map<string, Answer>
  readonly logins: string[]
}

export interface SmtpOptions {
  readonly startTls?: boolean
  readonly key?: string
  readonly cert?: string
  readonly login?: { readonly user: string; readonly pass: string }
  /** Called before the server says that it has a mail. */
  onMail?(mail: Received): Promise<void> | void
}

export async function startSmtp(t: Pick<Test, 'teardown'>, options: SmtpOptions = {}): Promise<Smtp> {
  const received: Received[] = []
  const answers = new Map<string, Answer>()
  const logins: string[] = []
  const { login, key, cert } = options
  const server = new SMTPServer({
    authOptional: login === undefined,
    disabledCommands: [...(options.startTls ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    ...(key && cert && { key, cert }),
    logger: false,
    closeTimeout: 100,
    onAuth({ username = '', password }, _session, done) {
      logins.push(username)
      const isRight = username === login?.user && password === login.pass
      done(isRight ? null : refusal(535), isRight ? { user: username } : undefined)
    },
    onRcptTo({ address }, session, done) {
      const answer = answers.get(address)
      if (answer === 'hang') return
      if (answer === 'reset') return breakOff(server, session.id)
      done(typeof answer === 'number' ? refusal(answer) : null)
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.once('end', async () => {
        const to = session.envelope.rcptTo[0]?.address ?? ''
        const answer = answers.get(to)
        const raw = Buffer.concat(chunks).toString()
        const [, messageId = ''] = /^Message-ID: (\S+)/im.exec(raw) ?? []
        if (answer === 'data reset') return breakOff(server, session.id)
        if (typeof answer === 'string' && answer.startsWith('data ')) return done(refusal(Number(answer.slice(5)), raw))
        const mail = { to, messageId, raw }
        received.push(mail)
        await options.onMail?.(mail)
        done()
      })
    },
  })
  server.on('error', () => {}) // clients that break off are what this is for
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  t.teardown(() => new Promise<void>(resolve => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return {
    settings: { kind: 'smtp', host: '127.0.0.1', port, tls: 'off', login: undefined },
    received,
    answers,
    logins,
  }
}

/** As some servers do, with what they refuse in their words. */
function refusal(responseCode: number, about = 'you'): Error {
  return Object.assign(new Error(`not now ${about.slice(0, 2000).replaceAll(/\s+/g, ' ')}`), { responseCode })
}

function breakOff(server: SMTPServer, id: string): void {
  for (const connection of server.connections as unknown as Set<{ id: string; _socket: { destroy(): void } }>) {
    if (connection.id === id) connection._socket.destroy()
  }
}
