import { existsSync } from 'node:fs'
import type { Test } from 'tap'

/**
 * Whether a program of a Debian package is there. If not, the test is skipped and says what to install; where nothing may
 * be left out (`REQUIRE_ALL`) it fails. With `WITHOUT_DEBIAN` none of them is, as on a machine with Node and npm alone.
 */
export function needs(t: Test, debianPackage: string, path: string): boolean {
  if (!process.env['WITHOUT_DEBIAN'] && existsSync(path)) return true
  const wish = `needs ${path}: apt-get install ${debianPackage}`
  if (process.env['REQUIRE_ALL']) t.fail(wish)
  else t.pass(wish, { skip: wish })
  return false
}
