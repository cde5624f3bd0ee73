/** npm's scripts that serve: a signal to npm reaches the service, and npm ends after it, never before. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../helpers/places.ts'
import { environment, freePort, temporaryFolder, waitUntil } from '../helpers/process.ts'
import { newSecret } from '../helpers/tokens.ts'

const title = (name: string) => `${name}: SIGTERM to npm ends the service, and nothing is left running`

t.test(title('npm run practice'), t => endsWithNpm(t, ['run', 'practice']))

// It has built what the first of these need not build again.
t.test('the others, at once', { jobs: 3 }, async t => {
  for (const [name, args] of Object.entries({
    'npm start': ['start', '--ignore-scripts'],
    'npm run dev': ['run', 'dev'],
    'npm run signet -- serve': ['run', 'signet', '--', 'serve'],
  })) {
    t.test(title(name), { buffered: true }, t => endsWithNpm(t, args))
  }
})

async function endsWithNpm(t: Test, args: readonly string[]): Promise<void> {
  const port = await freePort()
  const database = join(await temporaryFolder(t), 'signet.db')
  const npm = spawn('npm', args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that whatever stays behind can be ended
    env: environment({
      JWT_SECRET_KEY: newSecret(),
      DATABASE_URL: `sqlite:${database}`,
      PORT: String(port),
      SHUTDOWN_GRACE: '60',
      _: '/usr/bin/npm', // as a shell sets it
    }),
  })
  const endAll = () => endGroup(npm.pid)
  process.once('exit', endAll) // a test that gives up at its first failure takes nothing down
  t.teardown(() => {
    process.off('exit', endAll)
    endAll()
  })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', chunk => (output += chunk))
  const ended = new Promise<number | null>(resolve => npm.once('exit', resolve))
  const isLive = async () => (await fetch(`http://127.0.0.1:${port}/health/live`)).ok
  await waitUntil(() => Promise.race([isLive(), ended.then(() => Promise.reject(new Error(output)))]), 60)

  npm.kill('SIGTERM')

  t.equal(await ended, 0)
  await t.rejects(isLive(), 'nobody listens any more')
  t.match(output, /"reason":"SIGTERM","msg":"stopping"/)
  t.notMatch(output, /\.env not found|is not known/, 'and nothing is said of what is no mistake')
}

function endGroup(pid = 0): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {} // nobody is left
}
