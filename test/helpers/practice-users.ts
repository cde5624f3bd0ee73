import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { cache, root } from './places.ts'

/** The practice users with their passwords hashed already, which saves every app and server of the tests two hashes. */
export function practiceUsers(cost: number): string {
  const users = readFileSync(join(root, 'practice', 'users.ndjson'), 'utf8').trim()
  const file = join(cache, `practice-${cost}-${hash('sha1', users).slice(0, 8)}.ndjson`)
  if (existsSync(file)) return file
  const hashed = users.split('\n').map(line => {
    const { password, ...user } = JSON.parse(line)
    return JSON.stringify({ ...user, password_hash: bcrypt.hashSync(password, cost) })
  })
  mkdirSync(cache, { recursive: true })
  const own = `${file}.${process.pid}` // others may be making it just now
  writeFileSync(own, hashed.join('\n'))
  renameSync(own, file)
  return file
}
