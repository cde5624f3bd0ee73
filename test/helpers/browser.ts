import { type BrowserContext, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { needs } from './needs.ts'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

/** Without the switches of the last line Chromium looks for hosts of its maker at every start. */
const args = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Debian's Chromium with an empty profile, or undefined where it is missing (then the test is skipped or has failed). */
export async function startBrowser(t: Test, more: string[] = []): Promise<BrowserContext | undefined> {
  if (!needs(t, 'chromium', executablePath)) return undefined
  const browser = await chromium.launch({ executablePath, args: [...args, ...more] })
  t.teardown(() => browser.close())
  return browser.newContext({ viewport: { width: 1280, height: 1000 } })
}
