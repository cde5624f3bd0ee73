/** Entry of the service. Compiled code is kept for the next start, which has to be said before anything is loaded. */
import { enableCompileCache } from 'node:module'

enableCompileCache() // in NODE_COMPILE_CACHE, or the folder for temporary files; where it cannot write, it does without
await import('./serve.ts')
