/** A login in two steps in Swagger UI, with the authenticator app that is on the page: no phone, no waiting. */
import t from 'tap'
import { execute, openDocs } from './docs-page.ts'

t.test('an app is added, and a login takes a code of it', { timeout: 500_000 }, async t => {
  const page = await openDocs(t, { SECOND_FACTOR: 'optional' })
  if (!page) return
  t.equal((await execute(page, 'Tokens-login')).status, 200)

  const begun = await execute(page, 'Second_factors-startTotp')
  t.equal(begun.status, 200)
  const app = page.locator('#operations-Second_factors-startTotp .authenticator')
  const image = app.getByRole('img', { name: 'QR code' })
  t.ok((await image.evaluate(one => (one as unknown as { naturalWidth: number }).naturalWidth)) > 0, 'it is shown')
  const codes = app.locator('b')
  await codes
    .first()
    .filter({ hasText: /^\d{6}$/ })
    .waitFor()
  const [now, next] = await codes.allInnerTexts()

  const confirmed = await execute(page, 'Second_factors-confirmTotp', { code: now })
  t.equal(confirmed.status, 200)
  const login = await execute(page, 'Tokens-login')
  t.equal(login.status, 401)
  const { challenge } = login.body
  const second = await execute(page, 'Tokens-secondFactor', { challenge, code: next })
  t.equal(second.status, 200)
  t.match(second.body, { access_token: /^eyJ/ })
  t.equal((await execute(page, 'Tokens-me')).status, 200, 'the page has authorized by itself')
})
