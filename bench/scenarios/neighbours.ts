/** What people would pick instead, where it was installed by hand: who is asking, told by FastAPI and by better-auth. */
import { spawnSync } from 'node:child_process'
import { bareFastify, getWithTokens, startBareFastify } from '../run/candidates.ts'
import { type Candidate, compare } from '../run/compare.ts'
import { load } from '../run/load.ts'
import { mintAccessTokens } from '../run/mint.ts'
import { type Server, startServer } from '../run/processes.ts'
import { signetEnvironment, startSignet, withServers } from '../run/signet.ts'
import { type Scenario, skipped } from '../scenario.ts'

const python = '/usr/bin/python3'
const pythonPackages = 'python3-fastapi python3-uvicorn python3-jwt'
const hasFastApi = () => spawnSync(python, ['-c', 'import fastapi, uvicorn, jwt']).status === 0
const hasBetterAuth = () =>
  spawnSync(process.execPath, ['--input-type=module', '-e', "await import('better-auth')"], {
    cwd: import.meta.dirname,
  }).status === 0

export const neighbours: Scenario = {
  name: 'neighbours',
  title: 'who is asking, told by what people would pick instead',
  inQuick: false,
  async run({ folder, rounds, seconds }) {
    const [fastApi, betterAuth] = [hasFastApi(), hasBetterAuth()]
    const toInstall = [
      !fastApi && `apt-get install ${pythonPackages}`,
      !betterAuth && 'npm install --no-save better-auth',
    ]
    if (!fastApi && !betterAuth) return skipped(`nothing to compare with: ${toInstall.filter(Boolean).join('; ')}`)

    const env = signetEnvironment(folder, { JWT_ALGORITHM: 'HS256', LOG_LEVEL: 'warn' })
    const tokens = await mintAccessTokens(env, 1000)
    const known = [startBareFastify('silent'), startSignet(env)]
    const others: Promise<Server>[] = fastApi ? [startFastApi(env)] : []
    if (betterAuth) others.push(startBetterAuth({}), startBetterAuth({ COOKIE_CACHE: '1' }))
    return withServers([...known, ...others], async ([bare, ours, ...rest]) => {
      const candidates = [
        getWithTokens(bareFastify, bare!, '/me', tokens),
        getWithTokens('Signet, tokens seen before', ours!, '/me', tokens),
      ]
      if (fastApi) {
        const server = rest.shift()!
        candidates.push(getWithTokens('FastAPI, users in memory', server, '/me', tokens))
        candidates.push(getWithTokens('FastAPI, users in SQLite', server, '/users/me', tokens))
      }
      if (betterAuth) {
        candidates.push(await getSession('better-auth, sessions in SQLite', rest[0]!))
        candidates.push(await getSession('better-auth, its cookie cache', rest[1]!))
      }
      return {
        unit: 'req/s',
        measurements: await compare(candidates, { rounds, seconds }),
        against: bareFastify,
        judgements: [],
        notes: [
          'Nobody logs. Signet and better-auth without its cookie cache refuse a session that has ended; the others do not.',
          'FastAPI is one process of uvicorn, as Debian has it; better-auth answers with the session and the user.',
          ...toInstall.flatMap(command => (command ? [`Not there: ${command}`] : [])),
        ],
      }
    })
  },
}

const startFastApi = (env: Record<string, string>): Promise<Server> =>
  startServer({
    program: python,
    args: [
      '-c',
      `import os, uvicorn; uvicorn.run("fastapi-me:app", app_dir="bench/servers", port=int(os.environ["PORT"]), log_level="warning", access_log=False)`,
    ],
    env,
  })

const startBetterAuth = (env: Record<string, string>): Promise<Server> =>
  startServer({ args: ['bench/servers/better-auth.ts'], env: { ...env, NODE_ENV: 'production' }, readyPath: '/cookie' })

async function getSession(who: string, server: Server): Promise<Candidate> {
  let cookie = ''
  while (!cookie) cookie = await (await fetch(`${server.url}/cookie`)).text()
  const given = { path: '/api/auth/get-session', connections: 50, headers: { cookie } }
  return { who, measure: seconds => load(server, { ...given, seconds }) }
}
