/** Every act of the lab in a real browser, and what the page says of it against the server's rows. */

import { join } from 'node:path'
import t from 'tap'
import { acts } from '../../lab/words/acts.ts'
import { rows } from '../../lab/words/rows.ts'
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import { fromBase32 } from '../helpers/authenticator.ts'
import {
  addAuthenticator,
  answersIn,
  artefacts,
  barriers,
  litRows,
  openLab,
  startLab,
  waitForStart,
} from '../helpers/lab-page.ts'

const { url, lab } = await startLab(t)

t.test('every act, in free play, and what the page says of it', { timeout: 500_000 }, async t => {
  const opened = await openLab(t, url)
  if (!opened) return
  const { page, problems } = opened
  await waitForStart(page)
  const used = new Set<string>()
  const session = async (at: number) => (await lab.snapshot()).sessions[at]

  /** Clicks on an act of a lane and waits until it has happened. */
  async function act(lane: string, verb: keyof typeof acts, answer: string, sentence: RegExp, requests = 1) {
    used.add(verb)
    const group = page.locator(`.lane.${lane} .actions`)
    const before = await page.locator('.diagram > li').count()
    const button = group.getByRole('button', { name: acts[verb].label, exact: true })
    if (!(await button.isVisible())) await group.locator('summary').click()
    await button.click()
    await page
      .locator('.diagram > li')
      .nth(before + requests - 1)
      .waitFor()
    if (answer !== '') t.equal((await answersIn(page)).at(-1), answer, verb)
    t.match(await page.locator('[aria-live]').textContent(), sentence, `${verb}, as it is read aloud`)
  }

  await act('a', 'login', '200', /^Tab A: POST \/login, 200\. The password was right/)
  await act('a', 'me', '200', /the server believes what the token says/)
  await act('b', 'open', '', /same two tokens as tab A/)
  await act('thief', 'steal', '', /A copy is as good as the original/)
  await act('a', 'refresh', '200 rotated', /generation 1 has taken its place/)
  t.equal(await page.locator('.rule tbody tr').count(), 1, 'the case that decided')
  await page.locator('.all-cases').click()
  t.equal(await page.locator('.rule tbody tr').count(), rows.length)
  t.strictSame(await litRows(page), ['rotated'])
  t.match(await session(0), { generation: 1, retries: 0 })
  await act('thief', 'me', '200', /believes what the token says/) // a refresh ends no access token
  await act('b', 'refresh', '200 repeated', /takes that for a second tab/)
  await act('b', 'refresh', '200 repeated', /younger than 30 s: it stays/)
  t.equal(await page.locator('.lane.b .held').count(), 2)
  await act('a', 'wrong', '401 Access token required', /opens nothing else/)
  await act('a', 'swap', '401 Refresh token required', /cannot get new tokens/)
  await act('a', 'tamper', '401 Invalid token', /cannot check this signature/)
  await page.getByRole('button', { name: '+1 min' }).click()
  await page.getByText('09:01:00').first().waitFor()
  await act(
    'b',
    'race',
    '200 repeated',
    /Tab [AB]: POST \/refresh, 200 rotated\. .*Tab [AB]: POST \/refresh, 200 repeated/,
  )
  t.match(await session(0), { generation: 2, retries: 0 })
  await page.getByRole('button', { name: '+1 min' }).click()
  await page.getByText('09:02:00').first().waitFor()
  await act('a', 'lose', '200 rotated', /But the answer was lost/)
  t.match(await session(0), { generation: 3 })
  t.match(await page.locator('.lane.a .tag.refresh').innerText(), /^R2/, 'tab A has what it had')
  await page.getByRole('button', { name: '+1 min' }).click()
  await page.getByText('09:03:00').first().waitFor()
  await act('a', 'refresh', '200 retried', /counts it: 1 of 2/)
  t.match(await session(0), { generation: 3, retries: 1, revoked_at: null })
  await act('thief', 'refresh', '401 Token revoked', /takes it for theft: the session ends/)
  t.match(await session(0), { revoke_reason: 'reuse' })
  t.equal(await page.locator('.end').innerText(), 'thirdy’s session ends: a refresh token was used again')
  t.equal(await page.locator('.lane.thief .tag.over').count(), 2, 'the thief was told')
  t.equal(await page.locator('.lane.a .tag.over').count(), 0, 'tab A does not know yet')
  await act('a', 'me', '401 Token revoked', /this session has ended/)
  t.equal(await page.locator('.lane.a .tag.over').count(), 2)

  await act('a', 'maria', '200', /one row/)
  await act('a', 'services', '', /asks Signet lets it in; the one that checks by itself lets it in/)
  await act('a', 'logout', '204', /The session has ended/)
  t.match(await session(1), { username: 'maria', revoke_reason: 'logout' })
  await act('a', 'login', '200', /one row/)
  await act('a', 'everywhere', '200', /Every session of this user/)
  t.match(await session(2), { revoke_reason: 'logout_all' })

  await act('a', 'login', '200', /one row/)
  await act(
    'thief',
    'forgot',
    '202',
    /same of every name.* A mail arrives for thirdy@example\.com: Set a new password for localhost:\d+\.$/,
  )
  t.match(await session(3), { revoked_at: null }, 'asking changes nothing')
  await page.locator('.wire.mail').click()
  t.match(await page.locator('.mail-text').innerText(), (await lab.snapshot()).mails[0]?.text.trim(), 'as it was sent')
  await page.getByRole('button', { name: /^Follow the link/ }).click()
  await page.locator('.end', { hasText: 'thirdy’s session ends: the password is a new one' }).waitFor()
  t.match(await session(3), { revoke_reason: 'password_changed' })
  await page.getByRole('button', { name: 'Mailbox: 2' }).click()
  await page.locator('.mails button').waitFor()
  t.strictSame(await barriers(page), [])
  await page.screenshot({ path: join(artefacts, 'desk-mail.png') })
  await act('b', 'reset', '400 Link is not valid', /This link is spent/)
  await act('a', 'me', '401 Token revoked', /this session has ended/)
  await act('a', 'login', '200', /The password was right/)
  t.match(await page.locator('.inspector').innerText(), '"password":"a sentence of my own"')

  const minute = (time: string) =>
    Promise.all([page.getByRole('button', { name: '+1 min' }).click(), page.getByText(time).first().waitFor()])
  await act('a', 'enrol', '200', /shows it this once/)
  await page.locator('.owner .app').click()
  const secret = fromBase32(await page.locator('.copyable pre').innerText())
  /** What the app on the page shows, once it is what the server computes. */
  const shown = async () => {
    const code = codeOf(secret, stepAt((await lab.snapshot()).now))
    await page.locator('.owner .app b', { hasText: `${code.slice(0, 3)} ${code.slice(3)}` }).waitFor()
    return code
  }
  const first = await shown()
  await page.screenshot({ path: join(artefacts, 'desk-app.png') })
  await act('a', 'confirm', '200', /ten recovery codes.* A mail arrives for thirdy@example\.com/)
  await act('b', 'me', '401 Token revoked', /this session has ended/)
  await act('b', 'login', '401 Second factor required', /no tokens yet, only a challenge/)
  t.equal(await page.locator('.lane.b .who').innerText(), '2nd factor?')
  await act('b', 'code', '401 Invalid code', /A code counts once/) // the one that confirmed
  await minute('09:04:00')
  t.not(await shown(), first, 'it goes with the clock that was moved')
  await act('b', 'code', '200', /Password and second factor were right/)
  t.match(await session(5), { username: 'thirdy', revoked_at: null })
  await act('thief', 'watch', '401 Second factor required', /no tokens yet/)
  await act('thief', 'code', '401 Invalid code', /whoever has watched it comes too late/)

  const forgetPasskeys = await addAuthenticator(page)
  await act('b', 'passkey', '201', /^Tab B: POST \/me\/passkeys, 201\. The browser has made a passkey/, 2)
  await act('a', 'me', '401 Token revoked', /this session has ended/)
  await act('a', 'login', '401 Second factor required', /no tokens yet/)
  await act('a', 'sign', '200', /Password and second factor were right/)
  t.match(await session(6), { username: 'thirdy', revoked_at: null })
  await act('a', 'logout', '204', /The session has ended/)
  await act('a', 'alone', '200', /that counts as two factors/, 2)
  t.match(await session(7), { username: 'thirdy', revoked_at: null })
  await page.screenshot({ path: join(artefacts, 'desk-passkey.png') })
  await forgetPasskeys()
  await act('a', 'logout', '204', /The session has ended/)
  await act('a', 'alone', '200', /The server asks a question/)
  await page.getByRole('alert').getByText('The browser gave no passkey').waitFor()
  t.strictSame([...used].sort(), Object.keys(acts).sort(), 'no act is left out')

  await page.getByRole('button', { name: /^The session’s row/ }).click()
  for (const [name, value] of Object.entries((await session(7)) ?? {})) {
    const shown = page
      .locator('.columns')
      .last()
      .locator('tr', { has: page.locator(`th:text-is("${name}")`) })
    if (typeof value === 'string') t.match(await shown.innerText(), value, name)
  }
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByRole('button', { name: 'Drop the old key' }).click()
  await page.locator('.wire.secret', { hasText: 'the old key is gone' }).waitFor()
  await page.getByRole('button', { name: /^The session’s row/ }).click()
  t.strictSame(await page.locator('.keys code').allInnerTexts(), (await lab.snapshot()).keys)

  await page.getByRole('button', { name: 'Both', exact: true }).click()
  await page.locator('.lane-bar').getByRole('button', { name: 'Log in', exact: true }).click()
  await page.locator('.stage.strict .held').nth(1).waitFor()
  const tags = (await page.locator('.held .tag').allInnerTexts()).map(text => text.slice(0, 2))
  t.strictSame(tags, ['A0', 'R0', 'A0', 'R0'], 'one act, under both')
  t.strictSame(problems, [])
})
