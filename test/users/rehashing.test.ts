/** A hash of another scheme or a lower cost is replaced at its owner's next login, which ends nothing. */
import bcrypt from 'bcryptjs'
import t from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { testApp } from '../helpers/app.ts'

for (const [from, to, overrides, form] of [
  ['a cheaper bcrypt hash', 'the configured cost', { bcryptCost: 5 }, /^\$2b\$05\$/],
  ['a bcrypt hash', 'argon2id', { passwordHash: 'argon2id' }, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/],
] as const) {
  t.test(`${from} becomes ${to} at the next login, once, and ends nothing`, async t => {
    const { app, logIn, me, log } = await testApp(t, overrides)
    await app.stores.users.update('user-2', { passwordHash: bcrypt.hashSync('demo123', 4) })

    const logins = await Promise.all(Array.from({ length: 4 }, () => logIn('maria')))

    t.match((await app.stores.users.findById('user-2'))?.passwordHash, form)
    t.equal(log.filter(line => line.includes('password.rehashed')).length, 1)
    for (const { access_token: accessToken } of logins) t.equal((await me(accessToken)).statusCode, 200)
    await logIn('maria')
    t.equal(log.filter(line => line.includes('password.rehashed')).length, 1)
  })
}

t.test('an argon2id hash still logs in when bcrypt is configured again', async t => {
  const { app, logIn } = await testApp(t)
  const argon = createPasswordHasher({ scheme: 'argon2id', bcryptCost: 4, threads: 1, queue: 8 })
  t.teardown(() => argon.close())
  await app.stores.users.update('user-2', { passwordHash: await argon.hash('demo123') })
  await logIn('maria')
  t.match((await app.stores.users.findById('user-2'))?.passwordHash, /^\$2b\$04\$/)
  await t.rejects(logIn('maria', 'wrong'), /401/)
})
