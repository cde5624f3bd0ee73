/** docs/moving-in.md: the sample file of each system is imported as it says, and its owner logs in. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPasswordHasher } from '../../src/passwords/password-hash.ts'
import { createPasswordPolicy } from '../../src/passwords/password-policy.ts'
import { readFirebaseParameters } from '../../src/users/import/firebase-parameters.ts'
import { createImportService, type ImportTally } from '../../src/users/import/import-service.ts'
import { mapRecords, type Origin, origins, withoutPasswords } from '../../src/users/import/moving-in.ts'
import { type RecordFormat, readRecords } from '../../src/users/import/user-records.ts'
import { testApp } from '../helpers/app.ts'
import { blocksOf } from '../helpers/markdown.ts'
import { root } from '../helpers/places.ts'
import { claimsOf } from '../helpers/tokens.ts'

const hasher = createPasswordHasher({ scheme: 'bcrypt', bcryptCost: 4, threads: 1, queue: undefined })
t.teardown(() => hasher.close())

interface Reading {
  readonly format?: RecordFormat
  readonly from?: Origin
  readonly parameters?: string
  readonly bare?: boolean
}

async function importer(t: Test) {
  const made = await testApp(t)
  const { users } = made.app.stores
  const policy = createPasswordPolicy(8, 'bcrypt')
  const service = createImportService({ users, hasher, policy, hashesAtOnce: 4, audit: () => {} })
  const run = async (text: string | Buffer, { format, from, parameters, bare }: Reading = {}) => {
    const bytes = Buffer.from(text as string)
    // In pieces, as a file comes.
    const chunks = (async function* () {
      for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
    })()
    const read = readRecords(chunks, format, from === undefined)
    const given = parameters === undefined ? undefined : readFirebaseParameters(parameters)
    const mapped = from === undefined ? read : mapRecords(read, from, given)
    const refused: string[] = []
    const tally: ImportTally = await service.importFrom(bare ? withoutPasswords(mapped) : mapped, {
      signal: new AbortController().signal,
      refused: (line, reason) => void refused.push(`line ${line}: ${reason}`),
      progress: () => {},
    })
    return { inserted: tally.inserted, skipped: tally.skipped, refused }
  }
  return { ...made, users, run }
}

const page = readFileSync(join(root, 'docs', 'moving-in.md'), 'utf8')

function samplesOf(heading: string): string[] {
  const section = page.split(/^## /m).find(one => one.startsWith(`${heading}\n`)) ?? ''
  return blocksOf(section).map(({ content }) => content)
}

for (const { from, heading, id, name = 'ada@example.com', password = 'correct horse' } of [
  { from: 'auth0', heading: 'Auth0', id: 'auth0|60425dc43519d90068f82973' },
  { from: 'django', heading: 'Django', id: '7', name: 'ada', password: 'lètmein' },
  { from: 'firebase', heading: 'Firebase', id: 'Hw4rBZ7hYfQ', password: 'user1password' },
  { from: 'keratin', heading: 'Keratin', id: '7' },
  {
    from: 'keycloak',
    heading: 'Keycloak',
    id: '826731b2-bf17-4bd9-b45c-6a26c76ddaae',
    name: 'ada',
    password: 'password',
  },
  { from: 'laravel', heading: 'Laravel', id: '7' },
  { from: 'supabase', heading: 'Supabase', id: '8f7e1c1e-6a7b-4c58-9d0e-2f5a1b3c4d5e' },
  { from: 'wordpress', heading: 'WordPress', id: '7', name: 'ada', password: 'wp' },
] as const satisfies readonly { from: Origin; heading: string; id: string; name?: string; password?: string }[]) {
  t.test(`${heading}: who is in its export logs in by name and by address, and keeps the id`, async t => {
    const { run, users, logIn } = await importer(t)
    const [sample = '', parameters] = samplesOf(heading)
    t.match(page, `signet users import --from ${from} `)
    // As the command line does, which takes a document for one where the system exports nothing else.
    const format = from === 'keycloak' || from === 'firebase' ? 'json' : undefined
    const reading: Reading = { from, ...(format && { format }), ...(parameters !== undefined && { parameters }) }

    t.strictSame(await run(sample, reading), { inserted: 1, skipped: 0, refused: [] })
    t.strictSame(await run(`\ufeff${sample}`, reading), { inserted: 0, skipped: 1, refused: [] }, 'and again')

    t.match(await users.findById(id), { username: name, email: 'ada@example.com', role: 'user', foreignHash: true })
    await t.rejects(logIn(name, 'another password'), /401/)
    for (const spelling of [name, 'Ada@Example.com ']) {
      t.equal(claimsOf((await logIn(spelling, password)).access_token)['sub'], id)
    }
    t.match(await users.findById(id), { passwordHash: /^\$2[aby]\$10|^\$2b\$04/ })
    await logIn(name, password)
  })
}

t.test('Firebase: an export for the web, which is in base64url, is taken as any other', async t => {
  const { run, users } = await importer(t)
  const [sample = '', parameters = ''] = samplesOf('Firebase')
  const [{ salt, passwordHash }] = JSON.parse(sample).users
  t.match(passwordHash, /\+.*\/|\/.*\+/)
  const forTheWeb = JSON.parse(sample.replaceAll('+', '-'))
  forTheWeb.users[0].passwordHash = passwordHash.replaceAll('+', '-').replaceAll('/', '_')
  const reading = { from: 'firebase', format: 'json', parameters } as const
  t.match(await run(JSON.stringify(forTheWeb), reading), { inserted: 1, refused: [] })
  const { passwordHash: stored } = (await users.findByEmail('ada@example.com')) ?? {}
  t.ok(stored?.endsWith(`$${salt}$${passwordHash}`))
})

t.test('every system has its section', async t => {
  t.equal(page.match(/^## /gm)?.length, origins.length)
})

t.test('what a system says of a user beside name and password', async t => {
  const { run, users } = await importer(t)
  const django = (fields: object) =>
    JSON.stringify({ model: 'auth.user', pk: 1, fields: { password: '!x', email: '', ...fields } })
  const documents = `[\n${django({ username: 'ben', is_active: false })},\n{"pk":2},\n${django({ username: 'a b' })}\n]`
  const { refused, ...rest } = await run(documents, { from: 'django' })
  t.strictSame(rest, { inserted: 1, skipped: 0 })
  t.match(refused, [/^line 3: has no fields/, /^line 4: .username must be 1 to 64/])
  t.match(await users.findByUsername('ben'), { disabled: true, email: null, passwordHash: null, foreignHash: false })

  const realm = {
    roles: { users: [{ id: 'role' }] },
    users: [
      { id: 'k', username: 'kim', enabled: false, email: null, x: '"}]' },
      { id: 'o', username: 'otto', credentials: [{ type: 'otp', secretData: '{}', credentialData: '{}' }] },
    ],
  }
  t.match(await run(JSON.stringify(realm, null, 2), { from: 'keycloak', format: 'json' }), { inserted: 2, refused: [] })
  t.match(await users.findById('k'), { username: 'kim', disabled: true })
  t.match(await users.findById('o'), { disabled: false, passwordHash: null }, 'a one-time code is no password')

  const supabase =
    'id,email,encrypted_password,banned_until,role\ns,ban@example.com,,2099-01-01,\nt,not@example.com,,,admin\n'
  t.match(await run(supabase, { from: 'supabase' }), { inserted: 2, refused: [] })
  t.match(await users.findById('s'), { username: 'ban@example.com', disabled: true })
  t.match(await users.findById('t'), { disabled: false, role: 'user' }, 'roles of elsewhere are none here')

  const keratin = 'id,username,password,locked\n8,eve,,t\n9,bob,,f\n'
  t.match(await run(keratin, { from: 'keratin' }), { inserted: 2, refused: [] })
  t.match(await users.findById('8'), { disabled: true, email: null })
  t.match(await users.findById('9'), { disabled: false })

  const firebase = (no: boolean) => `{"users":[{"localId":"f-${no}","email":"${no}@example.com","disabled":${no}}]}`
  for (const disabled of [true, false]) {
    t.match(await run(firebase(disabled), { from: 'firebase', format: 'json' }), { inserted: 1 })
    t.match(await users.findById(`f-${disabled}`), { disabled })
  }

  const tooLong = await run('{"user_id":9007199254740993,"username":"ida"}')
  t.match(tooLong, { inserted: 0, refused: [/user_id/] }, 'a number that JSON has rounded is no id')
})

t.test('an export without its hashes is no export, and old hashes of WordPress need a new password', async t => {
  const { run, users } = await importer(t)
  const bare = 'ID,user_login,user_email\n7,ada,ada@example.com\n'
  t.match((await run(bare, { from: 'wordpress' })).refused, [/^line 2: has no user_pass/])

  const old = 'ID,user_login,user_email,user_pass\n7,ada,ada@example.com,$P$BcanaryP5EPnY4omTg1SJmUTSxeMfRY.\n'
  const { refused } = await run(old, { from: 'wordpress' })
  t.match(refused, [/^line 2: .password_hash is phpass.+new password/])
  t.notMatch(refused.join(), 'canary')
  t.match(await run(old, { from: 'wordpress', bare: true }), { inserted: 1, refused: [] })
  t.match(await users.findById('7'), { username: 'ada', passwordHash: null })
  t.throws(() => readFirebaseParameters('rounds: 8, mem_cost: 14'), /no base64_signer_key/)
})

t.test('a user whose export lacks what decides about the account is refused, whichever it is', async t => {
  const { run } = await importer(t)
  const whole: Record<Origin, object> = {
    auth0: { _id: { $oid: '1' }, email: 'a@example.com', passwordHash: null },
    django: { pk: 1, fields: { username: 'ada' } },
    firebase: { localId: '1' },
    keratin: { id: 1, username: 'ada', password: null, locked: true },
    keycloak: { id: '1', username: 'ada' },
    laravel: { id: 1, email: 'a@example.com', password: null },
    supabase: { id: '1', email: 'a@example.com', encrypted_password: null },
    wordpress: { ID: 1, user_login: 'ada', user_email: null, user_pass: null },
  }
  for (const from of origins)
    for (const left of Object.keys(whole[from])) {
      const { inserted, refused } = await run(JSON.stringify({ ...whole[from], [left]: undefined }), { from })
      t.strictSame([inserted, refused], [0, [`line 1: has no ${left}, as a user of ${from} has`]])
    }
})

t.test('two people of one name are not one: the second is a refused line unless it is the same person', async t => {
  const { run, users } = await importer(t)
  const lines = (...all: object[]) => all.map(one => JSON.stringify(one)).join('\n')
  const { inserted, skipped, refused } = await run(
    lines(
      { username: 'Bob', email: 'bob@example.com' },
      { username: 'bob', email: 'robert@example.com' },
      { username: 'bob', email: 'BOB@example.com' },
      { username: 'bob' },
      { username: 'eve', user_id: '1' },
      { username: 'eve', user_id: '2' },
      { username: 'eve', user_id: '1', email: 'eve@example.com' },
      { username: 'eve', email: 'eve@example.com' },
    ),
  )
  t.strictSame([inserted, skipped], [2, 3])
  t.match(refused, [/^line 2: .username belongs to another/, /^line 6: .username/, /^line 8: .username/])
  t.match(await users.findByUsername('bob'), { email: 'bob@example.com' })

  await users.create({ userId: 'old', username: 'old', email: 'ana@exämple.de', role: 'user', passwordHash: null })
  const spelled = await run(
    lines({ username: 'ana', email: 'ana@exämple.de' }, { username: 'old', email: 'ana@exämple.de' }),
  )
  t.match(spelled, {
    inserted: 0,
    skipped: 1,
    refused: [/^line 1: .email belongs to another user, in another spelling/],
  })
})

t.test('what databases write: null for nothing, t and f, 1 and 0, a number for an id, a byte-order mark', async t => {
  const { run, users } = await importer(t)
  const row = { password: null, password_hash: null, email: null, role: null, disabled: null }
  const ndjson = [
    { username: 'ana', user_id: 42, ...row },
    { username: 'ben', disabled: 't' },
    { username: 'eve', disabled: 1 },
  ]
  t.match(await run(`\ufeff${ndjson.map(one => JSON.stringify(one)).join('\r\n')}`), { inserted: 3, refused: [] })
  t.match(await users.findById('42'), { username: 'ana', role: 'user', disabled: false, passwordHash: null })
  for (const name of ['ben', 'eve']) t.match(await users.findByUsername(name), { disabled: true })
  t.match(await run('\ufeffusername,disabled\nkim,f\nlea,T\nmax,0\ntom,perhaps\n'), {
    inserted: 3,
    refused: [/^line 5: .disabled/],
  })
  t.match((await run('{"username":null}\n{"username":"x","user_id":".."}\n')).refused, [
    /^line 1: .username/,
    /^line 2: .user_id/,
  ])
})

t.test('a document that is cut off brings whom it can, and says so; one without users is a mistake', async t => {
  const { run } = await importer(t)
  const half = '[{"username":"ana"},\n{"username":"b\\"en"},{"username":"eve"},{"usern'
  t.match(await run(half), { inserted: 2, refused: [/^line 2: .username must/, /^line 2: the document ends/] })
  await t.rejects(run('{"realm":"x"}', { format: 'json' }), /has no users/)
  for (const nothing of ['', '\n \n']) t.strictSame(await run(nothing), { inserted: 0, skipped: 0, refused: [] })
  await t.rejects(run(Buffer.from([0x5b, 0xff]), { format: 'json' }), /not UTF-8/)
})
