/** Entry of the service. Compiled code is kept for the next start, which has to be said before anything is loaded. */
import { keepCompiledCode } from './process/compile-cache.ts'

keepCompiledCode()
await import('./process/serve.ts')
