/** The lab's page in a real browser: its address, a token looked at, the link of a mail, its weight. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { labApp } from '../helpers/lab.ts'
import { answersIn, openLab, startLab, waitForStart } from '../helpers/lab-page.ts'
import { isLong } from '../helpers/long.ts'
import { memoryMail } from '../helpers/mail-settings.ts'
import { root } from '../helpers/places.ts'
import { freePort, postJson } from '../helpers/process.ts'

const { url, lab } = await startLab(t)
const options = { timeout: 500_000 }

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
    for (const [reducedMotion, animation] of [
      ['no-preference', 'appear'],
      ['reduce', 'none'],
    ] as const) {
      await page.emulateMedia({ reducedMotion })
      const shown = "getComputedStyle(document.querySelector('.diagram > li')).animationName"
      t.equal(await page.evaluate(shown), animation, reducedMotion)
    }
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
