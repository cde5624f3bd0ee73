/** The lab's page in a real browser, and beside it the lab itself, whose rows say what is true. */
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { Lab } from '../../src/lab/lab.ts'
import { hasBrowser, startBrowser } from './browser.ts'
import { labApp } from './lab.ts'
import { root } from './places.ts'
import { freePort } from './process.ts'

export const sizes = {
  desk: { viewport: { width: 1400, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
} as const

export const artefacts = join(root, 'test-artefacts', 'lab')

/** The service with the lab on, on http://localhost; nothing where there is no browser to look at it. */
export async function startLab(t: Test): Promise<{ url: string; lab: Lab }> {
  if (!hasBrowser) return { url: '', lab: {} as Lab }
  const port = await freePort()
  const url = `http://localhost:${port}`
  const { app } = await labApp(t, { publicUrl: url, port, logLevel: 'silent' })
  await app.listen({ host: 'localhost', port })
  await mkdir(artefacts, { recursive: true })
  return { url, lab: app.lab as Lab }
}

export interface LabPage {
  readonly page: Page
  /** What the console had to complain of. */
  readonly problems: string[]
}

/** Opens the page with an empty memory; undefined where there is no Chromium. */
export async function openLab(t: Test, url: string, options: BrowserContextOptions = {}): Promise<LabPage | undefined> {
  const browser = (await startBrowser(t))?.browser()
  if (!browser) return undefined
  const context = await browser.newContext({ ...sizes.desk, reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const problems: string[] = []
  page.on('console', message => ['error', 'warning'].includes(message.type()) && problems.push(message.text()))
  page.on('pageerror', error => problems.push(String(error)))
  await page.goto(url)
  return { page, problems }
}

/**
 * Gives the browser an authenticator that says yes (Chrome DevTools Protocol, WebAuthn domain).
 * @returns makes it forget its passkeys
 */
export async function addAuthenticator(page: Page): Promise<() => Promise<unknown>> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const able = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true } as const
  const options = { ...able, isUserVerified: true, automaticPresenceSimulation: true }
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
  return () => devtools.send('WebAuthn.clearCredentials', { authenticatorId })
}

/** Of the answers in the diagram, in order. */
export function answersIn(page: Page, rules: 'calm' | 'strict' = 'calm'): Promise<string[]> {
  return page.locator(`.stage.${rules} .wire.answer b`).allInnerTexts()
}

/** The rows of the rule that are lit, each with whom it was lit for, if there are several. */
export async function litRows(page: Page): Promise<string[]> {
  const lit = await page.locator('.rule .lit').all()
  return Promise.all(
    lit.map(async row => {
      const who = await row.locator('em').allInnerTexts()
      return [(await row.getAttribute('id'))?.slice('row-'.length), ...who].join(' ')
    }),
  )
}

/** Until the page shows a lab that has just begun. */
export const waitForStart = (page: Page) => page.locator('.clock').getByText('09:00:00').waitFor()

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** What axe-core calls serious or critical. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, 'utf8'))
  const found = (await page.evaluate('axe.run()')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
}
