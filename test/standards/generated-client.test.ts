/** A client generated from the OpenAPI document compiles and works, with nothing known but where the document is. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { testApp } from '../helpers/app.ts'
import { root } from '../helpers/places.ts'
import { freePort } from '../helpers/process.ts'

const run = promisify(execFile)
const program = (name: string) => join(root, 'node_modules', '.bin', name)
/** As strict as they come, and the packages' own types are checked too. */
const compilerOptions = {
  ...{ target: 'es2024', lib: ['es2024', 'dom'], module: 'nodenext', types: [], noEmit: true },
  ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true },
  ...{ allowImportingTsExtensions: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true },
}

t.test('a generated client logs in, refreshes, administrates and logs out, under a path or none', async t => {
  // Inside this folder, where the packages are found.
  const artefacts = join(root, 'test-artefacts')
  await mkdir(artefacts, { recursive: true })
  const folder = await mkdtemp(join(artefacts, 'client-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))

  const servers = [await serve(t, '/auth'), await serve(t, '')]
  await run(program('openapi-typescript'), [`${servers[0]}/openapi.json`, '-o', join(folder, 'schema.ts')])
  await copyFile(join(import.meta.dirname, 'generated-client.ts'), join(folder, 'client.ts'))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const compiled = await run(program('tsc'), ['-p', folder]).catch(error => error)
  t.equal(`${compiled.stdout}${compiled.stderr}`, '', 'it compiles')

  const { story } = await import(join(folder, 'client.ts'))
  for (const server of servers) {
    const document = (await (await fetch(`${server}/openapi.json`)).json()) as { servers: { url: string }[] }
    t.strictSame(await story(document.servers[0]?.url), {
      ...{ name: 'thirdy', verdict: 'rotated', current: true, names: ['maria'], role: 'editor', deleted: 204 },
      ...{ wrong: 'invalid_credentials', missing: 'missing_token', gone: 'not_found', confused: 'invalid_token' },
      ...{ byCookie: 'invalid_request', logout: [204, 204], over: 'token_revoked' },
    })
  }
})

async function serve(t: Test, path: string): Promise<string> {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}${path}`
  const { app } = await testApp(t, { docs: true, publicUrl })
  await app.listen({ port, host: '127.0.0.1' })
  return publicUrl
}
