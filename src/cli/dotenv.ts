/** npm's scripts read `.env`. Node's own flag tells when there is none, and its `--watch` dies of that at a signal. */
import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'

if (existsSync('.env')) loadEnvFile('.env')
