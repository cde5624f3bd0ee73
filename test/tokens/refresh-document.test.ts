/** docs/refresh.md tells what happens to refresh tokens, time by time: it happens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testApp } from '../helpers/app.ts'
import { tableRows } from '../helpers/markdown.ts'
import { root } from '../helpers/places.ts'

for (const [heading, rows] of examplesOf(readFileSync(join(root, 'docs/refresh.md'), 'utf8'))) {
  t.test(`docs/refresh.md, "${heading}": what is written is what happens`, async t => {
    const { app, clock, logIn, me, refresh } = await testApp(t)
    const tokens = [await logIn()]
    const present = (number: number) => refresh(tokens[number]?.refresh_token ?? '')
    while (tokens.length <= Number(rows[0]?.presented)) {
      clock.advance(3600)
      tokens.push((await present(tokens.length - 1)).json())
    }
    clock.advance(3600)

    let now = rows[0]?.at ?? 0
    for (const { at, presented, gets } of rows) {
      clock.advance(at - now)
      now = at
      await app.revocations.poll()
      const response = await present(Number(presented))
      const [, successor, cause] = /^token (\d+), `(\w+)`/.exec(gets) ?? []
      if (successor === undefined) {
        t.match(gets, /^the session ends/)
        t.equal(response.statusCode, 401, gets)
        t.equal((await me(tokens.at(-1)?.access_token ?? '')).json().code, 'token_revoked')
        continue
      }
      t.equal(response.headers['signet-refresh'], cause, gets)
      if (tokens[Number(successor)])
        t.equal(response.json().refresh_token, tokens[Number(successor)]?.refresh_token, gets)
      else tokens.push(response.json())
      t.equal(tokens.length - 1, Number(successor), gets)
    }
  })
}

/** The tables of events, each under its heading. */
function examplesOf(text: string) {
  const sections = text.split(/^## /m).slice(1)
  return sections.flatMap(section => {
    const rows = tableRows(section, 'time', 'who', 'presents', 'gets').map(
      ([time = '', , presents = '', gets = '']) => {
        const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
        return { at: hours * 3600 + minutes * 60 + seconds, presented: /^\d+/.exec(presents)?.[0], gets }
      },
    )
    return rows.length > 0 ? [[section.split('\n', 1)[0] ?? '', rows] as const] : []
  })
}
