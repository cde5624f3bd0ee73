/** What the Dockerfile promises, as far as that can be read without an engine. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from './helpers/places.ts'

const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ')

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
