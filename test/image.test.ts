/** What the Dockerfile promises, as far as that can be read without an engine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/places.ts'

const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n */g, '')

/** In their order, what they begin with, and why. What has a test of its own below is not here. */
const lines: readonly (readonly [begin: string, why: string])[] = [
  ['RUN npm ci --ignore-scripts ', 'what is locked, and no script of a package runs'],
  ['RUN node node_modules/@typescript/native/bin/tsc -p tsconfig.build.json ', 'it is compiled'],
  ['RUN npm prune --omit=dev --ignore-scripts ', 'no tool is left in it'],
  ["RUN find node_modules -type f ! -iname 'licen[cs]e*' ! -iname 'notice*' ", 'and every licence'],
  ['FROM ', 'nothing of the above is in it that is not copied'],
  ['WORKDIR /app', 'relative paths, as that of the default DATABASE_URL, begin there'],
  ['RUN install ', 'folders and links, while it still is root'],
  ['COPY LICENSE package.json ./', 'the service says its version; the licence asks to be with it'],
  ['COPY --from=build /build/node_modules ./node_modules', 'its packages'],
  ['COPY --from=build /build/dist ./dist', 'its code'],
  ['COPY mails ./mails', 'with mail it does not start without its texts'],
  ['ENV HOST=0.0.0.0 PORT=3000', 'a port that is published leads to it; its health check would find its loopback good'],
  ['USER ', 'before the start that leaves its compiled code, which takes only what is its own'],
  ['RUN JWT_SECRET_KEY=random DATABASE_URL=sqlite::memory: ', 'one start, which leaves no data'],
  ['VOLUME /data', 'data outlive the container, also where nobody has thought of it'],
  ['EXPOSE 3000', 'the port of above'],
  ['HEALTHCHECK ', 'an engine sees one that hangs'],
  ['CMD ["node", "dist/src/server.js"]', 'Node itself, as npm and a shell keep SIGTERM for themselves'],
]

t.test('every line is there that the service rests on, in an order in which it works', async t => {
  let from = 0
  for (const [begin, why] of lines) {
    const at = `\n${dockerfile}`.indexOf(`\n${begin}`, from)
    t.ok(at >= 0, `${begin}: ${why}`)
    from = Math.max(from, at + 1)
  }
})

t.test('its start at build time is of the service that is copied, and has to leave something', async t => {
  const [, start = ''] = /^RUN (JWT_SECRET_KEY=.*)$/m.exec(dockerfile) ?? []
  t.match(start, 'HOST=127.0.0.1 PORT=0 ')
  t.match(start, /timeout -s INT \d+ node dist\/src\/server\.js; test -n "\$\(ls \/app\/\.compile-cache\)"$/)
})

t.test('the default database is in the volume, and `signet` is a command', async t => {
  t.match(dockerfile, / ln -s \/data data(?: |$)/m)
  t.match(dockerfile, / ln -s \/app\/dist\/src\/cli\.js \/usr\/local\/bin\/signet$/m)
  t.match(dockerfile, / && chmod 755 dist\/src\/cli\.js$/m)
})

t.test('any user of group 0 can write to /data, and nobody else but its owner', async t => {
  t.match(dockerfile, /install -d -o 1000 -g 0 -m 770 \/data(?: |$)/m)
  t.ok(
    dockerfile.indexOf('/data') < dockerfile.indexOf('VOLUME /data'),
    'before it becomes a volume, which keeps it so',
  )
})

t.test('it runs as a number that is not root, which is what Kubernetes can look at', async t => {
  const [, image = ''] = dockerfile.split(/^FROM .*$/m).slice(-2)
  const users = [...image.matchAll(/^USER (.+)$/gm)].map(([, user]) => user)
  t.match(users.at(-1), /^[1-9]\d*:[1-9]\d*$/)
  t.equal(users.length, 1, 'what is made at build time is made by the same')
})

t.test('compiled code is where a start looks for it, and no variable of Node moves it', async t => {
  t.match(dockerfile, /install -d -o 1000 -g 1000 -m 700 \/app\/\.compile-cache/)
  t.notMatch(dockerfile, /NODE_COMPILE_CACHE/)
})

t.test('what is copied into it goes to the builder', async t => {
  const sent = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  for (const [, files = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
    for (const file of files.split(' ')) t.ok(sent.includes(`!${file.replace('./', '')}`), file)
  }
})
