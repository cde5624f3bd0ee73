/** `signet users unlock`: the owner need not wait until those who guess have had enough. */
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/process.ts'

t.test('unlock ends the wait of a running service, and needs no secret for it', async t => {
  const path = join(await temporaryFolder(t), 'signet.db')
  const { app } = await testApp(t, { sqlitePath: path, loginFreeFailures: 1 })
  const logIn = async (password: string) =>
    (await app.inject({ method: 'POST', url: '/login', body: { username: 'maria', password } })).statusCode
  t.equal(await logIn('wrong'), 401)
  t.equal(await logIn('demo123'), 429)

  const env = { DATABASE_URL: `sqlite:${path}` }
  const done = await cli(['--verbose', 'users', 'unlock', 'Maria', '--json'], env)

  t.match(done, { code: 0, stderr: /"event":"user.unlocked","sub":"user-2","by":"command line"/ })
  t.match(JSON.parse(done.stdout), { user_id: 'user-2', username: 'maria' })
  t.equal(await logIn('demo123'), 200)
  t.match(await cli(['users', 'unlock', 'nobody'], env), { code: 1, stderr: /no such user/, stdout: '' })
  t.match(await cli(['users', 'unlock'], env), { code: 2 })
})
