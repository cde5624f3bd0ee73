/** docs/verify-tokens.md: each way it shows takes our access token and nothing else. The code is the document's own. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import type { TokenResponse } from '../../src/wire/token-response.ts'
import { newSecret, root } from '../helpers/app.ts'
import { changeCharacter } from '../helpers/forge.ts'
import { needs } from '../helpers/needs.ts'
import { environment, freePort, postJson, startServer, temporaryFolder, waitUntil } from '../helpers/process.ts'

const run = promisify(execFile)
const document = readFileSync(join(root, 'docs', 'verify-tokens.md'), 'utf8')

/** The first block of a language, about the Signet of this test. */
function blockOf(language: string, url: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(document) ?? []
  if (!code?.includes('https://auth.example.com')) throw new Error(`no block of ${language}`)
  return code.replaceAll('https://auth.example.com', url)
}

async function serve(t: Test, env: Record<string, string> = {}) {
  const port = String(await freePort())
  const { url } = await startServer(t, {
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
  const script = `${blockOf('js', url)}\nconsole.log(JSON.stringify(await whoIs(process.argv[1])))`
  const whoIs = (token: string) =>
    run(process.execPath, ['--input-type=module', '-e', script, token], { cwd: root, env: environment() })
  t.strictSame(JSON.parse((await whoIs(access)).stdout), { id: 'user-2', username: 'maria', role: 'user' })
  for (const [name, token] of Object.entries(wrong)) await t.rejects(whoIs(token), name)
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
  writeFileSync(join(folder, 'service.py'), blockOf('python', url))
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
    const { stdout } = await run('bash', ['-eu', '-c', blockOf('sh', url)], {
      env: environment({ secret, access: token }),
    })
    return JSON.parse(stdout)
  }
  t.match(await ask(access), { active: true, sub: 'user-2', username: 'maria', role: 'user' })
  for (const [name, token] of Object.entries(wrong)) t.strictSame(await ask(token), { active: false }, name)
})
