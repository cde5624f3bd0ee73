/** The lab's page in a real browser: the whole tour in three ways, every act, and what it says against the server's rows. */

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { acts } from '../../lab/words/acts.ts'
import { rows } from '../../lab/words/rows.ts'
import { steps } from '../../lab/words/tour.ts'
import { codeOf, stepAt } from '../../src/factors/totp.ts'
import { root } from '../helpers/app.ts'
import { fromBase32 } from '../helpers/authenticator.ts'
import { labApp } from '../helpers/lab.ts'
import { addAuthenticator, answersIn, artefacts, litRows, openLab, sizes, startLab } from '../helpers/lab-page.ts'
import { isLong } from '../helpers/long.ts'
import { memoryMail } from '../helpers/mail-settings.ts'
import { freePort, postJson } from '../helpers/process.ts'
import { outcomes } from './lab-steps.ts'

const { url, lab } = await startLab(t)
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Way = (page: Page, index: number, guess: number) => Promise<void>

/** Goes through the whole tour, and holds each step to what the server has. @param look names the pictures of it, if any */
async function takeTour(t: Test, page: Page, look: string | undefined, guess: Way, next: Way): Promise<void> {
  for (const [index, { id, right, guesses, setup }] of steps.entries()) {
    const outcome = outcomes[id]
    if (!outcome) throw new Error(`nothing is written of the step ${id}`)
    t.equal(new URL(page.url()).hash, `#${id}`, 'the address names the step')
    await page.locator('.guess:not(:disabled)').first().waitFor()
    const saysSo = await page.getByText('A new beginning: an empty database').count()
    t.equal(saysSo, setup && index > 0 ? 1 : 0, `${id}: whether the clock was set back`)
    if (look && id === 'race') await page.screenshot({ path: join(artefacts, `${look}-race-asked.png`) })
    const chosen = index % guesses.length
    await guess(page, index, chosen)
    await page.locator('.after').waitFor()
    t.equal(await page.locator('.after b').first().innerText(), chosen === right ? 'Right.' : 'Not quite.')

    const over = await page.locator('.stage.calm .lane:has(.tag.over) h2').allInnerTexts()
    t.strictSame(over, outcome.over ?? [], `${id}: who is logged out, and knows`)
    if (look === 'desk') t.equal(await page.locator('.to-first').count(), 0, `${id}: all of it is in sight`)
    t.ok(await isWhole(page, '.where'), `${id}: the list of steps is not cut off`)
    const { sessions } = await lab.snapshot()
    t.match(sessions, outcome.rows, `${id}: the rows`)
    const last = async (rules: 'calm' | 'strict', { length }: readonly string[]) =>
      (await answersIn(page, rules)).slice(-length).sort() // of two at once, either may be first
    t.strictSame(await last('calm', outcome.calm), [...outcome.calm].sort(), `${id}: the answers`)
    if (outcome.strict) {
      t.strictSame(await last('strict', outcome.strict), [...outcome.strict].sort(), `${id}: strict`)
    }
    if (outcome.lit)
      t.strictSame(
        (await litRows(page)).map(row => row.replaceAll(/Tab [AB]/g, 'a tab')),
        outcome.lit,
        `${id}: which row decided`,
      )
    const text = `${await page.locator('.tour').innerText()}\n${await page.locator('.inspector').textContent()}`
    for (const sentence of outcome.says) t.match(text, sentence, id)
    if (look === 'desk' && pictured.has(id)) await takePicture(page, id)
    if (look)
      await page.screenshot({ path: join(artefacts, `${look}-${String(index + 1).padStart(2, '0')}-${id}.png`) })
    if (look === 'phone' && id === 'early') {
      await page.locator('.to-first').tap()
      const [heads, first] = [await page.locator('.heads').boundingBox(), await page.locator('.first').boundingBox()]
      t.ok(heads && first && Math.abs(first.y - heads.y - heads.height) < 2, 'a long step, back to where it begins')
      await page.screenshot({ path: join(artefacts, 'phone-early-first.png') })
    }
    const strict = page.getByRole('button', { name: 'strict', exact: true })
    if (look === 'phone' && outcome.strict) {
      await strict.tap()
      t.ok(await page.locator('.stage.strict .end').isVisible(), 'a small screen shows one of both')
      await page.screenshot({ path: join(artefacts, `phone-${id}-strict.png`) })
    }
    if (index + 1 < steps.length) await next(page, index, chosen)
  }
}

/** Those that docs/learn.md shows. `PICTURES=1` makes them anew, to be committed. */
const pictured = new Set(['login', 'expire', 'race', 'lost', 'logout', 'gone', 'caught', 'forgotten', 'code'])
const pictures = process.env['PICTURES'] ? join(root, 'docs', 'pictures') : artefacts

/** Of the diagram alone, as long as it is. */
async function takePicture(page: Page, id: string): Promise<void> {
  const stages = await page.locator('.stages').boundingBox()
  const end = await page.locator('.diagram > li').last().boundingBox()
  if (!stages || !end) throw new Error(`nothing to be seen of ${id}`)
  const { x, y, width } = stages
  const height = end.y + end.height - y + 12
  await page.screenshot({ path: join(pictures, `lab-${id}.png`), clip: { x, y: Math.max(0, y), width, height } })
}

/** Whether nothing of it is cut off. */
const isWhole = (page: Page, selector: string) =>
  page.locator(selector).evaluate((one: unknown) => {
    const { scrollWidth, clientWidth } = one as { readonly scrollWidth: number; readonly clientWidth: number }
    return scrollWidth <= clientWidth
  })

/** What axe-core calls serious or critical. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
}

const options = { timeout: 500_000 }
const waitForStart = (page: Page) => page.locator('.clock').getByText('09:00:00').waitFor()

t.test('the tour with the mouse, on a screen', options, async t => {
  const opened = await openLab(t, url)
  if (!opened) return
  const { page, problems } = opened
  await waitForStart(page)
  t.equal(page.url(), `${url}/lab`, '/ leads to the lab')
  t.strictSame(await barriers(page), [])
  await page.screenshot({ path: join(artefacts, 'desk-00-start.png') })
  await page.getByRole('button', { name: /^Take the tour/ }).click()
  const click: Way = (page, _index, guess) => page.locator('.guess').nth(guess).click()
  const next: Way = page => page.locator('.next').click()
  await takeTour(t, page, 'desk', click, next)
  t.strictSame(await barriers(page), [])
  await page.locator('.next').click()
  await page.getByRole('button', { name: 'Start again' }).waitFor()
  t.strictSame(problems, [])
})

t.test('the tour with the keyboard alone, in the dark', options, async t => {
  const opened = await openLab(t, url, { colorScheme: 'dark' })
  if (!opened) return
  const { page, problems } = opened
  await waitForStart(page)
  const { keyboard } = page
  /** Presses Tab until that is where the focus is. */
  async function reach(selector: string): Promise<void> {
    for (let pressed = 0; pressed < 60; pressed++) {
      await keyboard.press('Tab')
      if (await page.evaluate(`document.activeElement.matches('${selector}')`)) return
    }
    throw new Error(`the Tab key does not lead to ${selector}`)
  }
  await reach('.intro .next')
  await keyboard.press('Enter')
  const press: Way = async (page, index, guess) => {
    await page.waitForFunction("document.activeElement.tagName === 'H2'")
    t.equal(await page.evaluate('document.activeElement.textContent'), steps[index]?.title, 'begins at its title')
    await reach('.guess')
    for (let at = 0; at < guess; at++) await keyboard.press('Tab')
    await keyboard.press('Enter')
  }
  const next: Way = async page => {
    await page.waitForFunction("document.activeElement.matches('.next')")
    await keyboard.press('Enter')
  }
  await takeTour(t, page, undefined, press, next)
  t.strictSame(await barriers(page), [])
  await page.screenshot({ path: join(artefacts, 'dark-end.png') })
  t.strictSame(problems, [])
})

t.test('the tour on a phone', options, async t => {
  const opened = await openLab(t, url, sizes.phone)
  if (!opened) return
  const { page, problems } = opened
  await waitForStart(page)
  await page.screenshot({ path: join(artefacts, 'phone-00-start.png') })
  await page.getByRole('button', { name: /^Take the tour/ }).tap()
  const tap: Way = (page, _index, guess) => page.locator('.guess').nth(guess).tap()
  const next: Way = async (page, index) => {
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number
    t.ok(width <= 390, `step ${index + 1} is ${width} wide`)
    await page.locator('.next').tap()
  }
  await takeTour(t, page, 'phone', tap, next)
  t.strictSame(await barriers(page), [])

  await page.locator('.lane.a .tag.refresh').tap()
  await page.locator('.inspector.open').getByText('refresh token').first().waitFor()
  await page.screenshot({ path: join(artefacts, 'phone-token.png') })
  await page.emulateMedia({ colorScheme: 'dark' })
  t.strictSame(await barriers(page), [])
  await page.locator('.inspector .close').tap()
  t.equal(await page.locator('.inspector.open').count(), 0)
  await page.locator('.next').tap()
  await page.locator('.lane-bar summary').tap()
  const menu = await page.locator('.lane-bar details > div').boundingBox()
  t.ok(menu && menu.x >= 0 && menu.y >= 0 && menu.x + menu.width <= 390, 'what a tab can do has room')
  await page.screenshot({ path: join(artefacts, 'phone-more.png') })
  t.strictSame(problems, [])
})

t.test('a step is named by the address, and can be left and taken up again', options, async t => {
  const opened = await openLab(t, `${url}/lab#gone`)
  if (!opened) return
  const { page } = opened
  await page.locator('.guess:not(:disabled)').first().waitFor()
  t.equal(await page.locator('.tour h2').innerText(), 'The old key goes')
  t.strictSame(await answersIn(page), ['200', '200', '200 rotated'], 'what came before it has happened')
  t.equal((await lab.snapshot()).keys.length, 2)

  await page.getByRole('button', { name: 'Leave' }).click()
  t.equal(new URL(page.url()).hash, '')
  await page.reload()
  await waitForStart(page)
  await page.getByRole('button', { name: 'Go on with the tour: 12. The old key goes' }).click()
  await page.locator('.guess:not(:disabled)').first().waitFor()
  await page.locator('.where select').selectOption('race')
  await page.waitForURL('**/lab#race')
  await page.goBack()
  await page.getByRole('heading', { name: 'The old key goes' }).waitFor()
})

t.test('every act, in free play, and what the page says of it', options, async t => {
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

t.test(
  'a token says what it is: each claim with a sentence, a character to click on, a bar that runs down',
  options,
  async t => {
    const opened = await openLab(t, url)
    if (!opened) return
    const { page, problems } = opened
    await waitForStart(page)
    await page.locator('.lane.a').getByRole('button', { name: 'Log in', exact: true }).click()
    await page.locator('.lane.a .tag.access').click()
    for (const claim of await page.locator('.claims button').all()) {
      await claim.focus()
      t.notMatch(await page.locator('.said').innerText(), 'does not know', await claim.locator('.name').innerText())
    }
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('09:00:02').first().waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    t.match(await page.locator('.inspector .left').innerText(), /14 min \d+ s left/)
    t.equal(await page.locator('.fold').count(), 1, 'a clock that runs is one fold')

    const original = (await page.locator('.token-text').innerText()).replaceAll(/\s/g, '')
    await page.locator('.token-text .payload').click({ position: { x: 40, y: 60 } })
    await page.locator('.wire.answer.refused', { hasText: '401 Invalid token' }).waitFor()
    t.match(await page.locator('.inspector').innerText(), 'cannot check this signature')
    const curl = await page.locator('.copyable pre').innerText()
    t.match(curl, /^curl -i http:\/\/localhost:\d+\/lab\/calm\/me/)
    const [, at = '', token = ''] = /(http\S+)[\s\S]*Bearer ([\w.-]+)/.exec(curl) ?? []
    const changed = [...token].flatMap((one, place) => (one === original[place] ? [] : [place]))
    t.match(
      await page.locator('.inspector').innerText(),
      `Character ${(changed[0] ?? -1) + 1} of the token is another one`,
    )
    t.strictSame(
      changed.map(place => token[place]),
      await page.locator('mark').allInnerTexts(),
      'it is marked',
    )
    const answer = await fetch(at, { headers: { authorization: `Bearer ${token}` } })
    t.match(await answer.json(), { status: 401, detail: 'Invalid token' }, 'the line does what the page showed')
    t.strictSame(problems, [])
  },
)

t.test('the link of a mail leads to a form that uses it', options, async t => {
  const port = await freePort()
  const here = `http://localhost:${port}`
  const mail = { ...memoryMail, resetUrl: `${here}/lab`, verifyUrl: `${here}/lab` }
  const { app } = await labApp(t, {
    publicUrl: here,
    port,
    logLevel: 'silent',
    mail,
    emailVerification: 'optional',
    registrationIsOpen: true,
  })
  await app.listen({ host: 'localhost', port })
  const email = 'ana@example.com'
  const post = (path: string, body: object) => postJson(`${here}${path}`, body)
  const lastLink = async () => {
    const { mails } = (await (await post('/lab/mails', {})).json()) as { mails: { text: string }[] }
    return /\S+#token=\S+/.exec(mails.at(-1)?.text ?? '')?.[0] ?? ''
  }
  const opened = await openLab(t, here)
  if (!opened) return
  const { page, problems } = opened

  await post('/register', { username: 'ana', password: 'a long sentence of mine', email })
  await page.goto('about:blank')
  await page.goto(await lastLink())
  await page.getByRole('heading', { name: 'You followed the link of a mail' }).waitFor()
  t.equal(new URL(page.url()).hash, '', 'the token does not stay in the address')
  await page.getByRole('button', { name: 'Prove the address' }).click()
  await page.getByText('POST /email/verify answered 204: done.').waitFor()

  await post('/password/forgot', { username: email })
  await page.goto('about:blank')
  await page.goto(await lastLink())
  await page.getByLabel('Password').fill('another sentence of mine')
  await page.getByRole('button', { name: 'Set this password' }).click()
  await page.getByText('POST /password/reset answered 204: done.').waitFor()
  t.equal((await post('/login', { username: email, password: 'another sentence of mine' })).status, 200)
  t.strictSame(problems, [])

  await page.getByRole('button', { name: 'Set this password' }).click()
  await page.getByText('Link is not valid').waitFor()
})

t.test('it weighs less than 100 kB and is there within a second', options, async t => {
  const opened = await openLab(t, url)
  if (!opened) return
  const { page } = opened
  const loads: number[] = []
  for (let load = 0; load < 3; load++) {
    await page.goto('about:blank')
    const begun = performance.now()
    await page.goto(url)
    await page.getByRole('button', { name: /tour/ }).waitFor()
    await waitForStart(page)
    loads.push(performance.now() - begun)
  }
  const files = ['index.html', 'page.js', 'page.css'].map(name => readFile(join(root, 'dist', 'lab', name)))
  const weight = (await Promise.all(files)).reduce((sum, file) => sum + gzipSync(file).length, 0)
  t.comment(`${weight} bytes compressed; there after ${loads.map(Math.round).join(', ')} ms`)
  t.ok(weight < 100_000)
  if (isLong) t.ok(Math.min(...loads) < 1000) // a busy machine is no slow page
})
