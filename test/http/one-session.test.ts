/** 200 tries of one code at once, or several right ones, on two instances of each engine: one session. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Overrides, testApp } from '../helpers/app.ts'
import { enrolled, steps } from '../helpers/authenticator.ts'
import { emptyDatabase, serverOf } from '../helpers/postgres.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const engines: Record<string, (t: Test) => Promise<Overrides>> = {
  SQLite: async t => ({ sqlitePath: join(await temporaryFolder(t), 'signet.db') }),
  PostgreSQL: async t => ({ database: { ...serverOf(await emptyDatabase(t)) } }),
}

for (const [engine, place] of Object.entries(engines)) {
  t.test(engine, async t => {
    const settings = {
      ...(await place(t)),
      secrets: [newSecret()] as [string],
      secondFactor: 'optional',
      loginFreeFailures: 0,
      hashQueue: 1000,
    } as const
    const one = await testApp(t, settings)
    const two = await testApp(t, settings, one.clock)
    const maria = await enrolled(one)
    const both = [steps(one), steps(two)]
    const sessions = async () => (await one.app.stores.sessions.list('user-2')).length
    const inTurn = <T>(act: (of: ReturnType<typeof steps>, i: number) => Promise<T>) =>
      Promise.all(Array.from({ length: 200 }, (_, i) => act(both[i % 2] as ReturnType<typeof steps>, i)))
    const won = (answers: { statusCode: number }[]) => answers.filter(({ statusCode }) => statusCode === 200).length

    t.test('one challenge, one code of the app', async t => {
      const before = await sessions()
      const [challenge, code] = [await maria.challenge(), maria.code()]
      t.equal(won(await inTurn(of => of.second(challenge, code))), 1)
      t.equal(await sessions(), before + 1)
    })

    t.test('forty challenges, each of five tries, one code of the app', async t => {
      one.clock.advance(3600)
      const before = await sessions()
      const challenges = await Promise.all(Array.from({ length: 40 }, maria.challenge))
      const code = maria.code()
      t.equal(won(await inTurn((of, i) => of.second(challenges[i % 40] ?? '', code))), 1)
      t.equal(await sessions(), before + 1)
    })

    t.test('forty challenges, one recovery code', async t => {
      one.clock.advance(3600)
      const before = await sessions()
      const challenges = await Promise.all(Array.from({ length: 40 }, maria.challenge))
      const [code = ''] = maria.recoveryCodes
      t.equal(won(await inTurn((of, i) => of.second(challenges[i % 40] ?? '', code))), 1)
      t.equal(await sessions(), before + 1)
    })

    t.test('one challenge, four codes that are right', async t => {
      one.clock.advance(86_400) // the wrong ones of before are forgotten
      const before = await sessions()
      const challenge = await maria.challenge()
      const codes = [maria.code(), ...maria.recoveryCodes.slice(1, 4)]
      t.equal(won(await Promise.all(codes.map((code, i) => steps(i % 2 ? one : two).second(challenge, code)))), 1)
      t.equal(await sessions(), before + 1)
    })

    t.test('a step that was used here is used there', async t => {
      one.clock.advance(3600)
      const code = maria.code()
      t.equal((await steps(one).second(await maria.challenge(), code)).statusCode, 200)
      t.equal((await steps(two).second(await maria.challenge(), code)).json().code, 'invalid_code')
    })
  })
}
