/** docs/verify-tokens.md: each way it shows takes our access token and nothing else. The code is the document's own. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { changeCharacter } from '../helpers/forge.ts'
import { needs } from '../helpers/needs.ts'
import { root } from '../helpers/places.ts'
import { environment, freePort, postJson, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { startService } from '../helpers/service.ts'
import { claimsOf, newSecret } from '../helpers/tokens.ts'

const run = promisify(execFile)
const document = readFileSync(join(root, 'docs', 'verify-tokens.md'), 'utf8')

/** The first block of a language in the part of this heading, about the Signet of this test. */
function blockOf(heading: string, language: string, url: string): string {
  const [, part = ''] = document.split(`\n## ${heading}\n`)
  const [own = ''] = part.split('\n## ')
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(own) ?? []
  if (!code) throw new Error(`no block of ${language} in ${heading}`)
  return code.replaceAll('https://auth.example.com', url)
}

async function serve(t: Test, env: Record<string, string> = {}) {
  const port = String(await freePort())
  const { url } = await startService(t, {
    PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    JWT_ALGORITHM: 'ES256',
    ...env,
  })
  const login = await postJson(`${url}/login`, { username: 'maria', password: 'demo123' })
  const { access_token: access, refresh_token: refresh } = (await login.json()) as TokenResponse
  const wrong = { refresh, changed: changeCharacter(access, access.length - 20), garbage: 'a.b.c' }
  return { url, access, wrong }
}

t.test('Node.js with jose', async t => {
  const { url, access, wrong } = await serve(t)
  const script = `${blockOf('Node.js', 'js', url)}\nconsole.log(JSON.stringify(await whoIs(process.argv[1])))`
  const session = claimsOf(access)['sid']
  const whoIs = (token: string) =>
    run(process.execPath, ['--input-type=module', '-e', script, token], { cwd: root, env: environment() })
  t.strictSame(JSON.parse((await whoIs(access)).stdout), { id: 'user-2', username: 'maria', role: 'user', session })
  for (const [name, token] of Object.entries(wrong)) await t.rejects(whoIs(token), name)
})

t.test('a middleware for Express and plain Node', async t => {
  const { url, access, wrong } = await serve(t)
  await mkdir(join(root, 'test-artefacts'), { recursive: true })
  const folder = await mkdtemp(join(root, 'test-artefacts', 'middleware-')) // where it finds jose
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const code = `${blockOf('Node.js', 'js', url)}
    ${blockOf('Express and plain Node', 'js', url)}
    import { createServer } from 'node:http'
    const answer = ({ user }, response) => response.end(user.id)
    const server = createServer((request, response) => authenticate(request, response, () => answer(request, response)))
    server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)))`
  writeFileSync(join(folder, 'service.mjs'), code)
  const child = spawn(process.execPath, ['service.mjs'], { cwd: folder, env: environment() })
  t.teardown(() => child.kill('SIGKILL'))
  const [port] = await once(child.stdout, 'data')
  const ask = (token?: string) =>
    fetch(`http://127.0.0.1:${port}`, { headers: token ? { authorization: `Bearer ${token}` } : {} })
  t.equal(await (await ask(access)).text(), 'user-2')
  for (const [name, token] of Object.entries({ ...wrong, none: undefined })) {
    const refused = await ask(token)
    t.equal(refused.status, 401, name)
    t.equal(refused.headers.get('www-authenticate'), token ? 'Bearer error="invalid_token"' : 'Bearer', name)
  }
})

t.test('the feed with curl and with Python', async t => {
  if (!needs(t, 'curl', '/usr/bin/curl') || !needs(t, 'python3', '/usr/bin/python3')) return
  const secret = newSecret()
  const { url, access } = await serve(t, { RESOURCE_SERVERS: `orders:${secret}` })
  const logout = await fetch(`${url}/logout`, { method: 'POST', headers: { authorization: `Bearer ${access}` } })
  t.equal(logout.status, 204)
  const { sid } = claimsOf(access)
  const env = environment({ secret, cursor: '0.' })
  const { stdout } = await run('bash', ['-eu', '-c', blockOf('The feed', 'sh', url)], { env })
  t.match(JSON.parse(stdout), { revoked: [{ sid }], more: false })

  const wait = `import threading
threading.Thread(target=follow, args=("orders", "${secret}"), daemon=True).start()
until = time.monotonic() + 20
while time.monotonic() < until and not (ended and time.monotonic() - known_at < 1):
    time.sleep(0.02)
time.sleep(1.5)  # an answer of 304, or of a cursor, lies between
print(json.dumps([list(ended), time.monotonic() - known_at < 5]))`
  const script = `${blockOf('The feed', 'python', url)}\n${wait}`
  const python = await run('/usr/bin/python3', ['-c', script], { env: environment() })
  t.strictSame(JSON.parse(python.stdout), [[sid], true])
})

/** The service on a machine whose clock is behind: to PyJWT our tokens are of the future. */
function pythonClockBehind(seconds: number): string {
  return `
from datetime import datetime, timedelta
import jwt.api_jwt

class Behind(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(seconds=${seconds})

jwt.api_jwt.datetime = Behind
from service import app
`
}

t.test('FastAPI with PyJWT, also where the clock is 20 seconds behind', async t => {
  const [python, packages] = ['/usr/bin/python3', '/usr/lib/python3/dist-packages']
  for (const name of ['fastapi', 'jwt', 'cryptography', 'uvicorn']) {
    if (!needs(t, `python3-${name}`, join(packages, name))) return
  }
  const { url, access, wrong } = await serve(t)
  const folder = await temporaryFolder(t)
  writeFileSync(join(folder, 'service.py'), blockOf('FastAPI', 'python', url))
  writeFileSync(join(folder, 'behind.py'), pythonClockBehind(20))
  const port = await freePort()
  const args = ['-m', 'uvicorn', '--host', '127.0.0.1', '--port', String(port), 'behind:app']
  const child = spawn(python, args, { cwd: folder, stdio: 'ignore', env: environment() })
  t.teardown(() => child.kill('SIGKILL'))
  await waitUntil(async () => {
    if (child.exitCode !== null) throw new Error(`uvicorn ended with ${child.exitCode}`)
    return (await fetch(`http://127.0.0.1:${port}/openapi.json`)).ok
  })

  const orders = (token?: string) =>
    fetch(`http://127.0.0.1:${port}/orders`, { ...(token && { headers: { authorization: `Bearer ${token}` } }) })
  const answer = await orders(access)
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), { user_id: 'user-2', role: 'user' })
  for (const [name, token] of Object.entries({ ...wrong, none: undefined })) {
    const refused = await orders(token)
    t.equal(refused.status, 401, name)
    t.equal(refused.headers.get('www-authenticate'), 'Bearer', name)
  }
})

t.test('asking Signet with curl', async t => {
  if (!needs(t, 'curl', '/usr/bin/curl')) return
  const secret = newSecret()
  const { url, access, wrong } = await serve(t, { RESOURCE_SERVERS: `orders:${secret}` })
  const ask = async (token: string) => {
    const { stdout } = await run('bash', ['-eu', '-c', blockOf('Asking Signet', 'sh', url)], {
      env: environment({ secret, access: token }),
    })
    return JSON.parse(stdout)
  }
  t.match(await ask(access), { active: true, sub: 'user-2', username: 'maria', role: 'user' })
  for (const [name, token] of Object.entries(wrong)) t.strictSame(await ask(token), { active: false }, name)
})
