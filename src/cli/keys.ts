/** `signet keys`: the keys that sign access tokens. Running servers follow within about a second. */
import type { Command } from 'commander'
import { isoTime } from '../base/iso-time.ts'
import type { SigningKey } from '../stores/stores.ts'
import { confirm } from './ask.ts'
import { type Call, isInteractive, say } from './call.ts'
import { UsageError } from './failure.ts'
import { withKeys } from './open-domain.ts'
import { printRow, printRows, type Row } from './output.ts'

interface KeyOptions {
  readonly json?: boolean
  readonly verbose?: boolean
}

interface RotateOptions extends KeyOptions {
  readonly emergency?: boolean
  readonly yes?: boolean
}

const withoutRing = 'JWT_ALGORITHM is HS256, so there is no key ring: JWT_SECRET_KEY itself signs access tokens'

export function addKeyCommands(keys: Command, call: Call): void {
  keys
    .command('status')
    .description('show every key, and what happens to it next')
    .option('--json', 'print NDJSON, one key a line')
    .action((_: unknown, command: Command) => status(call, command.optsWithGlobals()))

  keys
    .command('stage')
    .description('make the next key: published now, signing 360 seconds later by itself')
    .option('--json', 'print the key as one JSON document')
    .action((_: unknown, command: Command) => stage(call, command.optsWithGlobals()))

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
    .action((_: unknown, command: Command) => rotate(call, command.optsWithGlobals()))

  keys
    .command('seal')
    .description(
      'seal the data key, which keeps second factors, with the secret of now, so that a former one can go at once',
    )
    .action((_: unknown, command: Command) =>
      withKeys(call, command.optsWithGlobals<KeyOptions>(), ({ seal }) => seal()),
    )
}

async function status(call: Call, options: KeyOptions) {
  await withKeys(call, options, async (keys, algorithm) => {
    if (algorithm === 'HS256') say(call, withoutRing)
    const rows: Row[] = (await keys.status()).map(({ key, configured, change }) => ({
      ...itemOf(key),
      configured,
      next: change?.what ?? null,
      next_at: change ? isoTime(change.at) : null,
    }))
    await printRows(call, pageOf(rows), options)
  })
}

async function* pageOf(rows: readonly Row[]) {
  yield rows
}

async function stage(call: Call, options: KeyOptions) {
  await withKeys(call, options, async keys => printKey(call, await keys.stage(), options))
}

async function rotate(call: Call, { emergency, yes, ...options }: RotateOptions) {
  if (emergency && !yes && !isInteractive(call)) throw new UsageError('there is no terminal to ask on: use --yes')
  await withKeys(call, options, async (keys, algorithm) => {
    if (!emergency) return printKey(call, await keys.rotate(), options)
    const question = `Replace every ${algorithm} key? Every access token ends at once, and clients must refresh.`
    if (algorithm !== 'HS256' && !yes && !(await confirm(call, question))) throw new Error('nothing was replaced')
    const { key, wasReadable } = await keys.replace()
    await printKey(call, key, options)
    say(call, 'every access token so far is refused within about a second: clients need a refresh, not a login')
    say(call, 'verifiers that keep the JWKS refuse new tokens until they fetch it again, up to 300 seconds from now')
    if (!wasReadable)
      say(call, 'the former keys were sealed with another secret: restart every server with this JWT_SECRET_KEY')
  })
}

async function printKey(call: Call, key: SigningKey, options: KeyOptions) {
  const signsFrom = key.state === 'next' ? (key.changesAt ?? 0) : key.since
  await printRow(call, { ...itemOf(key), signs_from: isoTime(signsFrom) }, options)
}

function itemOf({ kid, alg, state, since }: SigningKey) {
  return { kid, alg, state, since: isoTime(since) }
}
