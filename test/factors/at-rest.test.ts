/** What lies in the database of second factors: nothing that opens anything, and all of it outlives a secret and a move. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { type TestApp, testApp } from '../helpers/app.ts'
import { enrolled, fromBase32, steps } from '../helpers/authenticator.ts'
import { cli } from '../helpers/cli.ts'
import { emptyDatabase, serverOf } from '../helpers/postgres.ts'
import { temporaryFolder } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const on = { secondFactor: 'optional' } as const
type Maria = Awaited<ReturnType<typeof enrolled>>

async function logsIn(service: TestApp, code: string): Promise<boolean> {
  const { first, second } = steps(service)
  return (await second((await first()).json().challenge, code)).statusCode === 200
}

/** By a new code of the app, and by the next recovery code. */
async function bothWork(test: Pick<Test, 'ok'>, service: TestApp, maria: Maria, what: string): Promise<void> {
  service.clock.advance(30)
  test.ok(await logsIn(service, maria.code()), `${what}: the app`)
  test.ok(await logsIn(service, maria.recoveryCodes.pop() ?? ''), `${what}: a recovery code`)
}

t.test('neither a secret nor a code is in the file', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const service = await testApp(t, { ...on, sqlitePath })
  const maria = await enrolled(service)
  const challenge = await maria.challenge()
  const bytes = Buffer.concat(['', '-wal'].map(end => readFileSync(`${sqlitePath}${end}`)))
  t.ok(bytes.includes('recovery_codes'))
  const secret = fromBase32(maria.secret)
  const forms = [secret, secret.toString('hex'), secret.toString('base64url'), maria.secret, challenge]
  for (const form of [...forms, ...maria.recoveryCodes.flatMap(code => [code, code.replaceAll('-', '')])]) {
    t.notOk(bytes.includes(form))
  }
})

t.test('they are alive after JWT_SECRET_KEY was changed and the former one dropped, and after that again', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const [one, two, three] = [newSecret(), newSecret(), newSecret()]
  const start = (clock: TestApp['clock'] | undefined, ...secrets: [string, ...string[]]) =>
    testApp(t, { ...on, sqlitePath, secrets }, clock)
  const first = await start(undefined, one)
  const maria = await enrolled(first)
  const again = (...secrets: [string, ...string[]]) => start(first.clock, ...secrets)
  await bothWork(t, await again(one, two), maria, 'the new one as a fallback')
  await bothWork(t, await again(two, one), maria, 'the two have changed places')
  await bothWork(t, await again(two), maria, 'the former one is dropped')
  await again(three, two)
  await bothWork(t, await again(three), maria, 'and again')
  await t.rejects(again(one), /opens the data key/, 'with one that was dropped there is no way')
})

t.test('a secret that was moved to another user opens nothing there', async t => {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const service = await testApp(t, { ...on, sqlitePath })
  const maria = await enrolled(service)
  const database = new DatabaseSync(sqlitePath)
  database.exec(
    `UPDATE factors SET user_id = 'user-1'; UPDATE users SET second_factors = 'totp' WHERE user_id = 'user-1'`,
  )
  database.close()
  const { first, second } = steps(service)
  const answer = await second((await first('thirdy')).json().challenge, maria.code())
  t.match(answer.json(), { status: 500, code: 'internal' })
  t.ok(service.log.some(line => line.includes('the database has a totp that its data key does not open')))
})

t.test('signet db copy moves them to the other engine and back', async t => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'signet.db')
  const settings = { ...on, secrets: [newSecret()] as [string] }
  const first = await testApp(t, { ...settings, sqlitePath: path })
  const maria = await enrolled(first)
  const postgres = await emptyDatabase(t)
  const copied = await cli(['db', 'copy', '--from', `sqlite:${path}`, '--json'], { TO_DATABASE_URL: postgres })
  t.match(JSON.parse(copied.stdout), { factors: 1, recovery_codes: 10 })
  const there = await testApp(t, { ...settings, database: serverOf(postgres) }, first.clock)
  await bothWork(t, there, maria, 'in PostgreSQL')
  const back = join(folder, 'back.db')
  t.equal((await cli(['db', 'copy', '--to', `sqlite:${back}`], { FROM_DATABASE_URL: postgres })).code, 0)
  await bothWork(t, await testApp(t, { ...settings, sqlitePath: back }, first.clock), maria, 'and back in SQLite')
})
