/** What lies about of a reset (the database, the log, the list of mails) opens no account and says nothing that was typed. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { cli } from '../helpers/cli.ts'
import { mailApp, tokenIn } from '../helpers/mail.ts'
import { temporaryFolder } from '../helpers/process.ts'

/** Everything in a SQLite file, as text. */
function dump(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true })
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'user_sample'").all()
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all())
  database.close()
  return rows
    .map(row =>
      Object.values(row)
        .map(value => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value))
        .join('\n'),
    )
    .join('\n')
}

t.test(
  'no token, no password and nothing that was typed is in a dump, in the log at trace or in the queue',
  async t => {
    const path = join(await temporaryFolder(t), 'signet.db')
    const { app, post, deliver, log } = await mailApp(t, {
      sqlitePath: path,
      logLevel: 'trace',
      emailVerification: 'required',
    })
    await app.users.change('user-2', { email: 'maria@example.com' }, { by: 'a test' })
    const typed = ['canary-typed-password', 'canary.account@elsewhere.example']
    const passwords = ['canary of a registration', 'canary of a reset', 'canary of a guess']

    for (const username of ['maria', ...typed]) await post('/password/forgot', { username })
    const register = { username: 'ana', email: 'ana@example.com', password: passwords[0] }
    await post('/register', register)
    const waiting = dump(path)
    t.match(waiting, 'ana@example.com', 'this is the database')
    for (const canary of [...typed, ...passwords]) t.notMatch(waiting, canary, 'before anybody is looked up')
    const queue = await cli(['mail', 'status', '--json'], { DATABASE_URL: `sqlite:${path}` })
    t.equal(queue.stdout.trim().split('\n').length, 4)

    const mails = await deliver()
    const tokens = mails.map(tokenIn)
    t.equal(tokens.length, 2)
    const used = tokens[mails.findIndex(({ purpose }) => purpose === 'reset')] ?? ''
    const reset = { token: used, new_password: passwords[1] }
    const proof = { token: tokens.find(token => token !== used), password: passwords[2] }
    t.equal((await post('/email/verify', proof)).statusCode, 401)
    t.match(dump(path), used.slice(0, 22), 'its row is there')
    const everywhere = () => [dump(path), log.join('\n'), queue.stdout + queue.stderr]
    const secrets = [...tokens, ...tokens.map(token => token.slice(23)), ...typed, ...passwords]
    for (const place of everywhere()) for (const secret of secrets) t.notMatch(place, secret)
    t.equal((await post('/password/reset', reset)).statusCode, 204)
    for (const place of everywhere()) for (const secret of secrets) t.notMatch(place, secret)
    t.notMatch(dump(path), used.slice(0, 22), 'and goes with its link')
  },
)
