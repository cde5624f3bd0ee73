/** Between which databases `signet db copy` copies: by option, variable or file, and what is refused. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { cli } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/process.ts'

/** The URL of a database with users. */
async function used(t: Test): Promise<string> {
  const sqlitePath = join(await temporaryFolder(t), 'signet.db')
  const { app } = await testApp(t, { sqlitePath })
  await app.close()
  return `sqlite:${sqlitePath}`
}

const bothOf = (name: string) => ({ [name]: 'sqlite:a.db', [`${name}_FILE`]: '/nowhere' })

t.test('each URL may stand in a file that a variable names, as that of the service', async t => {
  const folder = await temporaryFolder(t)
  const [url, to] = [await used(t), `sqlite:${join(folder, 'to.db')}`]
  for (const [name, text] of Object.entries({ from: url, to })) writeFileSync(join(folder, name), `${text}\n`)
  const files = { FROM_DATABASE_URL_FILE: join(folder, 'from'), TO_DATABASE_URL_FILE: join(folder, 'to') }
  const copied = await cli(['db', 'copy', '--json'], files)
  t.equal(copied.code, 0, copied.stderr)
  t.match(JSON.parse(copied.stdout), { from: url.slice(7), to: to.slice(7), users: 2 })
})

t.test('what is refused, with one line and without a trace', async t => {
  const [url, other] = [await used(t), await used(t)]
  const to = `sqlite:${join(await temporaryFolder(t), 'to.db')}`
  const postgres = 'postgres://signet:hunter2@127.0.0.1:1/signet'
  const parameter = 'postgres://signet@127.0.0.1:1/signet?password=hunter2'
  const cases: [code: number, says: string, args: string[], env?: Record<string, string>][] = [
    [1, 'the target is not empty', ['--from', url, '--to', other]],
    [1, 'the target is not empty', ['--from', url, '--to', other, '--restart']],
    [1, 'the target is not empty', ['--from', url, '--to', url]],
    [1, 'there is no database at', ['--from', `${to}.not`, '--to', to]],
    [1, '--to must be sqlite:PATH', ['--from', url, '--to', 'mysql://root:hunter2@db']],
    [1, 'FROM_DATABASE_URL must be', ['--to', to], { FROM_DATABASE_URL: 'mysql://root:hunter2@db' }],
    [1, '--to-file names a file that cannot be read', ['--from', url, '--to-file', '/nowhere']],
    [1, 'TO_DATABASE_URL_FILE names a file', ['--from', url], { TO_DATABASE_URL_FILE: '/nowhere' }],
    [1, 'unset either FROM_DATABASE_URL or FROM_DATABASE_URL_FILE', ['--to', to], bothOf('FROM_DATABASE_URL')],
    [2, 'no password among arguments', ['--from', url, '--to', postgres]],
    [2, 'no password among arguments', ['--from', postgres, '--to', to]],
    [2, 'no password among arguments', ['--from', url, '--to', parameter]],
    [2, 'give --from, --from-file or FROM_DATABASE_URL', ['--to', to]],
    [2, 'cannot be used with', ['--from', url, '--from-file', 'x', '--to', to]],
    [2, 'is in memory', ['--from', url, '--to', 'sqlite::memory:']],
    [2, 'too many arguments', [url, to]],
  ]
  await Promise.all(
    cases.map(async ([code, says, args, env = {}]) => {
      const ended = await cli(['db', 'copy', ...args], env)
      t.equal(ended.code, code, args.join(' '))
      t.match(ended.stderr, /^signet: [^\n]+\n$/)
      t.match(ended.stderr, says)
      t.notMatch(ended.stderr, 'hunter2')
      t.equal(ended.stdout, '')
    }),
  )
  t.notOk(existsSync(to.slice('sqlite:'.length)))
})
