/** Every scenario, in the order of the report. Each can be called alone by its name. */
import type { Scenario } from '../scenario.ts'
import { fastifySignet } from './fastify-signet.ts'
import { feed } from './feed.ts'
import { latency } from './latency.ts'
import { logLine } from './log-line.ts'
import { login } from './login.ts'
import { meNew } from './me-new.ts'
import { meSeen } from './me-seen.ts'
import { memory } from './memory.ts'
import { neighbours } from './neighbours.ts'
import { refresh } from './refresh.ts'
import { refreshGroups } from './refresh-groups.ts'
import { refreshPostgres } from './refresh-postgres.ts'
import { sessions } from './sessions.ts'
import { start } from './start.ts'
import { verify } from './verify.ts'

export const scenarios: readonly Scenario[] = [
  meSeen,
  meNew,
  verify,
  neighbours,
  fastifySignet,
  feed,
  refresh,
  refreshPostgres,
  refreshGroups,
  login,
  latency,
  start,
  memory,
  sessions,
  logLine,
]
