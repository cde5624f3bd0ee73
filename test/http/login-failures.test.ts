/** A failed login tells nothing about the account, and no password stands in for another. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { form, json, post } from '../helpers/answers.ts'
import { testApp } from '../helpers/app.ts'
import { temporaryFolder } from '../helpers/process.ts'

const folder = await temporaryFolder(t)
const seedUsersFile = join(folder, 'users.ndjson')
const sqlitePath = join(folder, 'signet.db')
const passwords = {
  replaced: 'abc\ufffd',
  plain: 'abc',
  long: 'x'.repeat(72),
  smiling: '\u{1f600}'.repeat(18),
  disabled: 'abc',
  broken: 'abc',
}
const users = Object.entries(passwords).map(([username, password]) => ({ username, password }))
await writeFile(seedUsersFile, [...users, { username: 'without' }].map(user => JSON.stringify(user)).join('\n'))

const { app, log } = await testApp(t, { seedUsersFile, sqlitePath, loginFreeFailures: 0 })
const database = new DatabaseSync(sqlitePath)
database.exec("UPDATE users SET disabled = 1 WHERE username = 'disabled'")
database.exec(`UPDATE users SET password_hash = '$2x$04$${'a'.repeat(53)}' WHERE username = 'broken'`)
database.close()

const logIn = (username: string, password: string) => post(app, '/login', json, JSON.stringify({ username, password }))

const failures: [why: string, username: string, password: string][] = [
  ['wrong', 'plain', 'wrong'],
  ['unknown', 'nobody', 'abc'],
  ['unknown address', 'nobody@example.com', 'abc'],
  ['not a name at all', 'no\0body \u{1f600}', 'abc'],
  ['an endless name', 'n'.repeat(5000), 'abc'],
  ['disabled', 'disabled', 'abc'],
  ['without a password', 'without', 'abc'],
  ['a broken hash', 'broken', 'abc'],
  ['NUL behind', 'plain', 'abc\0'],
  ['NUL between', 'plain', 'abc\0abc'],
  ['NUL only', 'plain', '\0'],
  ['a lone surrogate', 'plain', 'abc\ud800'],
  ['a lone surrogate for what it is encoded as', 'replaced', 'abc\ud800'],
  ['73 bytes', 'long', 'x'.repeat(73)],
  ['72 characters, 73 bytes', 'long', `${'x'.repeat(71)}\u00e9`],
  ['19 emoji', 'smiling', '\u{1f600}'.repeat(19)],
  ['another case', 'plain', 'ABC'],
  ['a space more', 'plain', 'abc '],
]

t.test('the passwords of these tests are right when nothing is wrong, 72 bytes long too', async t => {
  for (const name of ['plain', 'long', 'smiling', 'replaced'] as const)
    t.equal((await logIn(name, passwords[name])).statusCode, 200, name)
})

t.test('every failure of a JSON login is the same, byte for byte', async t => {
  for (const [why, username, password] of failures) {
    const { statusCode, headers, body } = await logIn(username, password)
    const { date: _date, ...others } = headers
    t.equal(statusCode, 401, why)
    t.equal(
      body,
      '{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Invalid credentials","code":"invalid_credentials"}',
      why,
    )
    t.match(others, { 'www-authenticate': 'Bearer realm="signet"', 'content-length': String(body.length) })
    const { headers: reference } = await logIn('nobody', 'wrong')
    t.strictSame({ ...others, date: reference['date'] }, reference, why)
  }
})

t.test('every failure of a form login is the same, byte for byte', async t => {
  const text = 'Incorrect email or password'
  const body = JSON.stringify({ error: 'invalid_grant', error_description: text, detail: text })
  for (const [why, username, password] of failures.filter(([, , password]) => password.isWellFormed())) {
    const fields = new URLSearchParams({ grant_type: 'password', username, password }).toString()
    for (const url of ['/login', '/token']) {
      const answer = await post(app, url, form, fields)
      t.equal(answer.statusCode, 400, why)
      t.equal(answer.body, body, why)
    }
  }
})

t.test('under argon2id, too, no password stands in for another', async t => {
  const { app } = await testApp(t, { seedUsersFile, passwordHash: 'argon2id', loginFreeFailures: 0 })
  const logIn = (password: string) => post(app, '/login', json, JSON.stringify({ username: 'replaced', password }))
  t.equal((await logIn(passwords.replaced)).statusCode, 200)
  for (const password of ['abc\ud800', 'abc\ufffd\0', 'abc']) t.equal((await logIn(password)).statusCode, 401)
})

t.test('the log keeps the reason and not the name, which may be a password typed in the wrong field', async t => {
  log.length = 0
  const name = 'hunter2-typed-in-the-wrong-field'
  await logIn(name, 'x')
  await logIn(`${name}@example.com`, 'x')
  t.ok(log.some(line => line.includes('no such user')))
  t.notOk(log.join('').includes(name))
})
