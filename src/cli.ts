#!/usr/bin/env node
/** Entry of the command line. */
import './process/node-version.ts'

const { keepCompiledCode } = await import('./process/compile-cache.ts')
keepCompiledCode() // for what is loaded from here on: half of the time a short command takes
const { main } = await import('./cli/main.ts')

// The reader of a pipe may have seen enough (`| head`): that is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveIfClosed)

process.exitCode = await main(process.argv.slice(2), process)

function leaveIfClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
  process.exit()
}
