/** What every engine promises about listing sessions and writing a copy (src/stores/stores.ts). */
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { movableClock } from '../helpers/clock.ts'
import { temporaryFolder } from '../helpers/process.ts'
import type { Engine } from './stores.contract.ts'

const policy = { idleSeconds: 1000, maxAgeSeconds: 5000, ip: null, userAgent: null }

async function withSessions(t: Test, engine: Engine) {
  const clock = movableClock()
  const { stores, where } = await engine.open(t, clock)
  for (const name of ['a', 'b']) {
    await stores.users.create({ userId: `id-${name}`, username: name, email: null, role: 'user', passwordHash: null })
  }
  const sids = ['-begins-like-an-option', 'A', 'Z', '_', 'a', 'z']
  for (const [i, sid] of sids.entries())
    await stores.sessions.create({ ...policy, sid, userId: `id-${'ab'[i % 2]}` }, 0)
  return { stores, clock, where, sids }
}

export function testListing(t: Test, engine: Engine): void {
  t.test(`${engine.name}: pages list every live session once, with the name of its user`, async t => {
    const { stores, sids } = await withSessions(t, engine)

    const seen: string[] = []
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await stores.sessions.listAll({ limit: 2, after })
      if (page.length === 0) break
      t.ok(page.length <= 2)
      for (const { session, username } of page) t.equal(`id-${username}`, session.userId)
      seen.push(...page.map(({ session }) => session.sid))
    }

    t.strictSame(seen.toSorted(), sids.toSorted())
  })

  t.test(`${engine.name}: what was ended or has expired is not listed`, async t => {
    const { stores, clock, sids } = await withSessions(t, engine)
    const listed = async () => (await stores.sessions.listAll({ limit: 100 })).map(({ session }) => session.sid)

    await stores.sessions.revoke('A', 'admin')
    await stores.users.delete('id-b') // every second one
    t.strictSame((await listed()).toSorted(), sids.filter((sid, i) => i % 2 === 0 && sid !== 'A').toSorted())

    clock.advance(1001)
    t.strictSame(await listed(), [])
  })
}

/** Engines with a tool of their own for copies need not promise this. */
export function testBackup(t: Test, engine: Engine): void {
  t.test(`${engine.name}: a copy is a database of its own, for its owner only, and never replaces a file`, async t => {
    const { stores, clock } = await withSessions(t, engine)
    const file = join(await temporaryFolder(t), 'copy.db')
    const steps: number[] = []

    await stores.backup(file, (done, total) => steps.push(done / total))

    t.equal(statSync(file).mode & 0o777, 0o600)
    t.equal(steps.at(-1) ?? 1, 1)
    const copy = await engine.open(t, clock, file)
    t.strictSame(copy.stores.salt, stores.salt)
    t.equal((await copy.stores.sessions.listAll({ limit: 100 })).length, 6)
    await t.rejects(
      stores.backup(file, () => {}),
      /exists already/,
    )

    const notes = join(await temporaryFolder(t), 'notes.txt')
    writeFileSync(notes, 'mine')
    await t.rejects(
      stores.backup(notes, () => {}),
      /exists already/,
    )
    t.equal(statSync(notes).size, 4)
    await t.rejects(stores.backup(join(notes, 'below-a-file'), () => {}))
    t.notOk(existsSync(`${notes}.partial-${process.pid}`))
  })
}
