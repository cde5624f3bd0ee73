/** Entry of the service. Compiled code is kept for the next start, which has to be said before anything is loaded. */
import './process/node-version.ts'

const { keepCompiledCode } = await import('./process/compile-cache.ts')
keepCompiledCode()
await import('./process/serve.ts')
