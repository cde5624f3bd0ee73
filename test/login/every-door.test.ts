/** Guessing a password is slowed down at every door where one is checked. */
import t, { type Test } from 'tap'
import { password, registered } from '../helpers/address.ts'
import { bearer, type MailApp, mailApp } from '../helpers/mail.ts'

/** An answer to one guess, which is refused as wrong. */
type Knock = (guess: string) => ReturnType<MailApp['post']>

const doors: Record<string, (made: MailApp) => Promise<Knock>> = {
  async 'a login'({ post }) {
    return guess => post('/login', { username: 'maria', password: guess })
  },
  async 'a login by a form'({ app }) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return guess => {
      const body = String(new URLSearchParams({ grant_type: 'password', username: 'maria', password: guess }))
      return app.inject({ method: 'POST', url: '/token', headers, body })
    }
  },
  async 'a change of the password'({ app, logIn }) {
    const headers = bearer((await logIn('maria')).access_token)
    return guess => {
      const body = { current_password: guess, new_password: 'a new sentence of mine' }
      return app.inject({ method: 'PUT', url: '/me/password', headers, body })
    }
  },
  async 'a confirmation'({ post, logIn }) {
    const headers = bearer((await logIn('maria')).access_token)
    return guess => post('/me/confirm', { current_password: guess }, headers)
  },
  async 'the first proof of an address'(made) {
    await registered(made, 'ana', 'ana@example.com')
    const token = await made.tokenTo('ana@example.com')
    return guess => made.post('/email/verify', { token, password: guess })
  },
  async 'a registration that waits for its proof'({ post, tokenTo }) {
    await post('/register', { email: 'eva@example.com', password })
    const token = await tokenTo('eva@example.com')
    return guess => post('/email/verify', { token, password: guess })
  },
}

async function opened(t: Test) {
  return mailApp(t, { loginFreeFailures: 5 })
}

for (const [door, open] of Object.entries(doors)) {
  t.test(`at ${door} five guesses are free, then whoever guesses waits, and knows how long`, async t => {
    const made = await opened(t)
    const knock = await open(made)
    for (let i = 0; i < 5; i++) {
      const { statusCode, body } = await knock(`wrong ${i}`)
      t.ok([400, 401].includes(statusCode), `${statusCode} ${body}`)
      t.notMatch(body, 'too_many_attempts')
    }
    const waits = await knock('wrong again')
    t.match({ ...waits.headers, body: waits.body }, { 'retry-after': '1', body: /Too many attempts/ })
    t.match((await knock(password)).body, /Too many attempts/, 'and so for any other')
    made.clock.advance(1)
    const next = await knock('wrong once more')
    t.notMatch(next.body, /Too many attempts/)
  })
}
