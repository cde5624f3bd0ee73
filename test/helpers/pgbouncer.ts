/** Debian's PgBouncer in front of a PostgreSQL, for as long as a test runs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { nobody } from './cluster.ts'
import type { RunningPostgres } from './postgres.ts'
import { freePort, temporaryFolder } from './process.ts'

export const pgBouncer = '/usr/sbin/pgbouncer'

/**
 * Every database of the server, lent to clients by `mode`.
 * @returns the URL of one of them; PgBouncer has the password in clear, as it logs in to the server with it
 */
export async function startPgBouncer(
  t: Test,
  server: RunningPostgres,
  mode: 'session' | 'transaction',
  poolSize = 20,
): Promise<(database?: string) => string> {
  const folder = await temporaryFolder(t)
  const port = await freePort()
  const users = join(folder, 'users')
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(users, `"signet" "${server.password}"\n`)
  await writeFile(
    file,
    `[databases]
* = host=127.0.0.1 port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = ${poolSize}
`,
  )
  if (nobody.uid !== undefined) for (const one of [folder, users, file]) await chown(one, nobody.uid, nobody.gid)

  const child = spawn(pgBouncer, [file], { ...nobody, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', chunk => {
      output += chunk
      if (output.includes('process up')) resolve()
    })
    child.once('exit', () => reject(new Error(`PgBouncer did not start:\n${output}`)))
  })
  return (database = 'postgres') => `postgres://signet:${server.password}@127.0.0.1:${port}/${database}`
}
