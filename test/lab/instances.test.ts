/** The instances of the lab: where they are reached, how they begin anew, and that they leave nothing behind. */
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openInstances } from '../../src/lab/instances.ts'
import { createLab } from '../../src/lab/lab.ts'
import { createPeople } from '../../src/lab/people.ts'
import { labApp } from '../helpers/lab.ts'
import { postJson } from '../helpers/process.ts'

/** What begins anew in one test is nothing to the others. */
const { app, log } = await labApp(t)

t.test('an instance is there over HTTP too, with all its routes, and its tokens are good nowhere else', async t => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const login = await postJson(`${url}/lab/calm/login`, { username: 'thirdy', password: 'demo123' })
  const { access_token } = (await login.json()) as { access_token: string }
  const authorization = `Bearer ${access_token}`
  const asked = async (path: string) => (await fetch(url + path, { headers: { authorization } })).status
  t.equal(await asked('/lab/calm/me'), 200)
  t.equal(await asked('/lab/strict/me'), 401)
  t.equal(await asked('/me'), 401)
  t.equal(await asked('/lab/calm/nothing'), 404)
  const [answer] = await once(request(`${url}/lab`, { headers: { host: `rebound.example:${port}` } }).end(), 'response')
  t.equal(answer.statusCode, 403)
})

t.test('what goes wrong in an instance is in the log of the service', async t => {
  const instance = await app.lab?.instance('calm')
  instance?.log.error('something is broken')
  const lines = log.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'an instance of the lab')
  t.match(lines, [{ level: 50, line: /"msg":"something is broken"/ }])
})

t.test('it leaves nothing behind', async t => {
  const folders = () => readdirSync(tmpdir()).filter(name => name.startsWith('signet-lab-'))
  const before = new Set(folders())
  const { app, lab } = await labApp(t)
  await lab.logIn('strict')
  const own = folders().filter(name => !before.has(name))
  t.ok(own.length > 0)
  await app.close()
  t.ok(own.some(name => !existsSync(join(tmpdir(), name))))
  await t.rejects(async () => app.lab?.snapshot(), { code: 'unavailable' }, 'nor does a request that was under way')
})

t.test('what nothing has happened to is new already; after any act a restart begins anew', async t => {
  const { lab } = await labApp(t)
  const runs = [await lab.restart(), await lab.restart()].map(({ state }) => state.run)
  t.equal(runs[1], runs[0])
  const acts = [
    () => lab.advance(1),
    () => lab.changeSecret('rotate'),
    () => lab.me('calm', 'x'),
    () => lab.ask('calm', 'x'),
  ]
  for (const act of acts) {
    await act()
    runs.push((await lab.restart()).state.run)
  }
  t.equal(new Set(runs.slice(1)).size, acts.length + 1)
})

t.test('a request that comes while the lab begins anew, or waited for it, starts nothing that nobody ends', async t => {
  const people = createPeople()
  t.teardown(() => people.hasher.close())
  const none = () => {}
  const { buildApp } = app
  const options = { buildApp, people, publicUrl: 'http://localhost:3000', now: 1, onAudit: none, onLogLine: none }
  const instances = await openInstances(options)
  await instances.of('calm')
  const before = instances.of('strict') // behind calm, which opens the database for both
  const ended = instances.close()
  const over = { message: 'this beginning is over', code: 'unavailable' }
  await t.rejects(instances.of('calm'), over)
  await t.rejects(before, over)
  await ended
})

t.test(
  'a lab that could not begin does when it is asked again, and a restart undoes what came while it began',
  async t => {
    let isFull = true
    const noSpace = new Error('no space left')
    const lab = createLab({
      buildApp: given => (isFull ? Promise.reject(noSpace) : app.buildApp(given)),
      publicUrl: 'http://localhost:3000',
      now: 1,
      onLogLine() {},
    })
    t.teardown(lab.close)
    const { TMPDIR } = process.env
    process.env['TMPDIR'] = '/nowhere'
    await t.rejects(lab.snapshot(), { code: 'ENOENT' })
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
    await t.rejects(lab.snapshot(), noSpace)
    isFull = false

    const { run } = await lab.restart()
    t.equal((await lab.restart()).run, run)
    await lab.advance(1)
    const [begun] = await Promise.all([lab.restart(), lab.advance(1)])
    t.equal(begun.run, run + 1)
    t.equal((await lab.restart()).run, run + 2)
  },
)
