import { existsSync } from 'node:fs'
import type { Browser, BrowserContext } from 'playwright-core'
import tap, { type Test } from 'tap'
import { needs } from './needs.ts'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

/** Without the switches of the last line Chromium looks for hosts of its maker at every start. */
const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Whether there is one to be started at all. */
export const hasBrowser = !process.env['WITHOUT_DEBIAN'] && existsSync(executablePath)

/** One for a test file, by its further switches: a start takes longer than most of what is tried in it. */
const browsers = new Map<string, Promise<Browser>>()

/** Debian's Chromium with an empty profile, or undefined where it is missing (then the test is skipped or has failed). */
export async function startBrowser(t: Test, more: string[] = []): Promise<BrowserContext | undefined> {
  if (!needs(t, 'chromium', executablePath)) return undefined
  const key = more.join()
  const launched = browsers.get(key) ?? launch([...args, ...more])
  if (!browsers.has(key)) tap.teardown(async () => (await launched).close())
  browsers.set(key, launched)
  const context = await (await launched).newContext({ viewport: { width: 1280, height: 1000 } })
  t.teardown(() => context.close())
  return context
}

async function launch(args: string[]): Promise<Browser> {
  const { chromium } = await import('playwright-core') // not where there is nothing to launch
  return chromium.launch({ executablePath, args })
}
