/**
 * Writes Signet's public keys as PEM files for HAProxy: 1.pem, 2.pem and 3.pem, because its configuration has to name a
 * fixed number of them. Where there are fewer keys the first stands in for the missing ones.
 *
 *   node jwks-to-pem.mjs https://auth.example.com/.well-known/jwks.json /etc/haproxy/signet
 */
import { createPublicKey } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [url = '', folder = '.'] = process.argv.slice(2)
const files = ['1.pem', '2.pem', '3.pem']

const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) })
if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
const { keys } = await answer.json()
if (keys.length === 0) throw new Error('Signet publishes no key: HS256 has none, set JWT_ALGORITHM=ES256')
if (keys.length > files.length) throw new Error(`${keys.length} keys are more than the configuration has places for`)

const pems = keys.map(key => createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }))
for (const [index, file] of files.entries()) {
  const path = join(folder, file)
  writeFileSync(`${path}.new`, pems[index] ?? pems[0])
  renameSync(`${path}.new`, path) // whole or not at all: HAProxy may be reloading
}
