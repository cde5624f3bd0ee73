/** Swagger UI in a browser, and what a person does on it. */
import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { startBrowser } from '../helpers/browser.ts'
import { startServer } from '../helpers/process.ts'

export async function openDocs(t: Test, env: Record<string, string> = {}): Promise<Page | undefined> {
  const browser = await startBrowser(t)
  if (!browser) return undefined
  const { url } = await startServer(t, { DOCS: 'true', ...env })
  return openDocsAt(url, browser)
}

export async function openDocsAt(url: string, browser: BrowserContext): Promise<Page> {
  const page = await browser.newPage()
  page.setDefaultTimeout(60_000)
  await page.goto(`${url}/docs`)
  await page.getByText('A token service').first().waitFor()
  return page
}

/** Opens an operation (once), changes its body if asked to, executes it and reads the answer as a person would. */
export async function execute(
  page: Page,
  operation: string,
  body?: object,
): Promise<{ status: number; body: Record<string, string> }> {
  const block = page.locator(`#operations-${operation}`)
  await block.waitFor()
  if ((await block.locator('.opblock-body').count()) === 0)
    await block.locator('.opblock-summary-control').first().click()
  if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body))
  const clear = block.getByRole('button', { name: 'Clear' })
  if (await clear.count()) await clear.click()
  await block.getByRole('button', { name: 'Execute', exact: true }).click()
  const row = block.locator('.live-responses-table .response').first()
  await row.waitFor()
  const status = Number((await row.locator('.response-col_status').innerText()).split(/\s/)[0])
  const text = await row.locator('.response-col_description pre').first().innerText()
  return { status, body: JSON.parse(text) }
}
