/** The service: environment, configuration, app, listen, and a stop that loses no request. */
import { flushCompileCache } from 'node:module'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../app.ts'
import { oneLine } from '../base/text.ts'
import { asThrown } from '../base/thrown.ts'
import { version } from '../base/version.ts'
import { type Config, ConfigError, loadConfig, strangeVariables } from '../config/config.ts'
import { createLogLines } from '../http/log-lines.ts'

await start()

async function start(): Promise<void> {
  const config = configOrExit()
  const app = await buildApp({ config, log: createLogLines() }).catch(exitWith)

  closeWithGrace({ delay: config.shutdownGraceSeconds * 1000, logger: app.log }, async ({ signal, err }) => {
    if (err) app.log.fatal({ reason: err.message, err }, 'stopping')
    else app.log.info({ reason: signal ?? 'nothing left to do' }, 'stopping')
    app.readiness.end()
    // Gateways need a moment to see that readiness fails; a person who pressed Ctrl-C does not.
    if (signal === 'SIGTERM') await sleep(Math.min(3, config.shutdownGraceSeconds / 2) * 1000)
    await app.close()
  })

  for (const line of strangeVariables(process.env)) app.log.warn(line)
  if (config.secretIsRandom)
    app.log.warn('JWT_SECRET_KEY=random: every token ends with this process; for practice only')
  await listen(app, config).catch(exitWith)
  const { address, port } = app.server.address() as AddressInfo
  const { publicUrl: issuer, algorithm, database } = config
  app.log.info({ version, issuer, algorithm, database: database.engine, address, port }, 'started')
  setImmediate(flushCompileCache) // a process that is killed would not write it
  // By name: cookies and passkeys of a page on loopback need one, and the address would be another site.
  if (config.lab) app.log.info(`open ${issuer} to see how tokens live`)
  if (config.docs) app.log.info(`Swagger UI: ${issuer}/docs`)
}

/** Fastify has a line for each address it listens on, and no way to do without: ours is one, with more in it. */
async function listen(app: FastifyInstance, { host, port }: Config): Promise<void> {
  const { log } = app
  const { info } = log
  const theirs = 'an address of Fastify'
  log.info = (...line: unknown[]) => line[0] === theirs || Reflect.apply(info, log, line)
  await app.listen({ host, port, listenTextResolver: () => theirs })
  log.info = info
}

function configOrExit(): Config {
  try {
    return loadConfig(process.env)
  } catch (error) {
    const mistakes = error instanceof ConfigError ? error.mistakes : [asThrown(error).message]
    return exitWith(new ConfigError([...mistakes, ...strangeVariables(process.env)])) // one may explain the other
  }
}

/** One line per mistake, without a stack: what went wrong at start is for the person who started it. */
function exitWith(error: unknown): never {
  const lines = error instanceof ConfigError ? error.mistakes : [asThrown(error).message]
  for (const line of lines) process.stderr.write(`signet: ${oneLine(line)}\n`)
  process.exit(1)
}
