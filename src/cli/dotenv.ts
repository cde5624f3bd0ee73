/** `npm run signet` reads `.env` like `npm start` does, and says nothing when there is none (Node's own flag does). */
import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'

if (existsSync('.env')) loadEnvFile('.env')
