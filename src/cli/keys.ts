/** `signet keys`: the keys that sign access tokens. Running servers follow within about a second. */
import type { Command } from 'commander'
import { isoTime } from '../base/iso-time.ts'
import type { SigningKey } from '../stores/stores.ts'
import { confirm, isInteractive } from './ask.ts'
import { UsageError } from './failure.ts'
import { type Environment, withKeys } from './open-domain.ts'
import { printRow, printRows, type Row } from './output.ts'

interface KeyOptions {
  readonly json?: boolean
  readonly verbose?: boolean
}

interface RotateOptions extends KeyOptions {
  readonly emergency?: boolean
  readonly yes?: boolean
}

const withoutRing =
  'signet: JWT_ALGORITHM is HS256, so there is no key ring: JWT_SECRET_KEY itself signs access tokens\n'

export function addKeyCommands(keys: Command, env: Environment): void {
  keys
    .command('status')
    .description('show every key, and what happens to it next')
    .option('--json', 'print NDJSON, one key a line')
    .action((_: unknown, command: Command) => status(env, command.optsWithGlobals()))

  keys
    .command('stage')
    .description('make the next key: published now, signing 360 seconds later by itself')
    .option('--json', 'print the key as one JSON document')
    .action((_: unknown, command: Command) => stage(env, command.optsWithGlobals()))

  keys
    .command('rotate')
    .description('let the staged key sign, or stage one if there is none')
    .option('--emergency', 'replace every key at once: for a key that has leaked, or a secret that is lost')
    .option('--yes', 'do not ask')
    .option('--json', 'print the key as one JSON document')
    .addHelpText(
      'after',
      `
After --emergency every access token is refused within about a second. Clients need a refresh, not a login. Verifiers that
keep the JWKS (up to 300 seconds) refuse the new tokens until they fetch it again.`,
    )
    .action((_: unknown, command: Command) => rotate(env, command.optsWithGlobals()))
}

async function status(env: Environment, options: KeyOptions) {
  await withKeys(env, options, async (keys, algorithm) => {
    if (algorithm === 'HS256') process.stderr.write(withoutRing)
    const rows: Row[] = (await keys.status()).map(({ key, configured, change }) => ({
      ...itemOf(key),
      configured,
      next: change?.what ?? null,
      next_at: change ? isoTime(change.at) : null,
    }))
    await printRows(pageOf(rows), options)
  })
}

async function* pageOf(rows: readonly Row[]) {
  yield rows
}

async function stage(env: Environment, options: KeyOptions) {
  await withKeys(env, options, async keys => printKey(await keys.stage(), options))
}

async function rotate(env: Environment, { emergency, yes, ...options }: RotateOptions) {
  if (emergency && !yes && !isInteractive()) throw new UsageError('there is no terminal to ask on: use --yes')
  await withKeys(env, options, async (keys, algorithm) => {
    if (!emergency) return printKey(await keys.rotate(), options)
    const question = `Replace every ${algorithm} key? Every access token ends at once, and clients must refresh.`
    if (algorithm !== 'HS256' && !yes && !(await confirm(question))) throw new Error('nothing was replaced')
    const { key, wasReadable } = await keys.replace()
    await printKey(key, options)
    say('every access token so far is refused within about a second: clients need a refresh, not a login')
    say('verifiers that keep the JWKS refuse new tokens until they fetch it again, up to 300 seconds from now')
    if (!wasReadable)
      say('the former keys were sealed with another secret: restart every server with this JWT_SECRET_KEY')
  })
}

async function printKey(key: SigningKey, options: KeyOptions) {
  const signsFrom = key.state === 'next' ? (key.changesAt ?? 0) : key.since
  await printRow({ ...itemOf(key), signs_from: isoTime(signsFrom) }, options)
}

function itemOf({ kid, alg, state, since }: SigningKey) {
  return { kid, alg, state, since: isoTime(since) }
}

const say = (text: string) => void process.stderr.write(`signet: ${text}\n`)
