/** Access tokens of Signet in a Fastify service. */
import { signetWith } from './plugin.ts'
import { systemTime } from './time.ts'

export type { ResourceServer, SignetOptions } from './options.ts'
export type { Signet } from './plugin.ts'
export type { SignetUser } from './user.ts'

const signet = signetWith(systemTime)

export { signet }
export default signet
