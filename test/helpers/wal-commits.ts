import { readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24

/** How many commits the WAL of a SQLite database holds: frames that say how large the database is after them. */
export function walCommits(path: string): number {
  const wal = readFileSync(`${path}-wal`)
  const frameBytes = frameHeaderBytes + wal.readUInt32BE(8)
  const salt = wal.subarray(16, 24)
  let commits = 0
  for (let at = headerBytes; at + frameBytes <= wal.length; at += frameBytes) {
    if (!wal.subarray(at + 8, at + 16).equals(salt)) break
    if (wal.readUInt32BE(at + 4) > 0) commits++
  }
  return commits
}
