/** The whole tour of the lab in a real browser, in three ways, and what it says against the server's rows. */

import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { steps } from '../../lab/words/tour.ts'
import { answersIn, artefacts, barriers, litRows, openLab, sizes, startLab, waitForStart } from '../helpers/lab-page.ts'
import { root } from '../helpers/places.ts'
import { outcomes } from './lab-steps.ts'

const { url, lab } = await startLab(t)
const options = { timeout: 500_000 }

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
    await page.locator('h2:focus').waitFor() // a function of ours would be asked again by eval, which the page forbids
    t.equal(await page.evaluate('document.activeElement.textContent'), steps[index]?.title, 'begins at its title')
    await reach('.guess')
    for (let at = 0; at < guess; at++) await keyboard.press('Tab')
    await keyboard.press('Enter')
  }
  const next: Way = async page => {
    await page.locator('.next:focus').waitFor()
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
