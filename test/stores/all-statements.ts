/** Every statement of the PostgreSQL engine: each file notes its own when it is loaded. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { everyStatement } from '../../src/engines/postgres/postgres-database.ts'
import { root } from '../helpers/places.ts'

const folder = join(root, 'src', 'engines', 'postgres')
for (const file of readdirSync(folder).filter(name => name.endsWith('.ts'))) await import(join(folder, file))

export { everyStatement }
