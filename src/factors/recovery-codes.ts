/** Recovery codes: for whoever has lost the phone. 80 random bits each, so that a keyed hash of one tells nothing. */
import { randomBytes } from 'node:crypto'
import { base32 } from './base32.ts'

const codesInSet = 10

/** From how many on an answer says how many are left. */
const fewCodes = 3

/** What an answer says when a code was spent. @param codesLeft undefined when none was */
export function toldLeft(codesLeft: number | undefined): { readonly recoveryCodesLeft?: number } {
  return codesLeft !== undefined && codesLeft <= fewCodes ? { recoveryCodesLeft: codesLeft } : {}
}

/** A set as its owner gets it: sixteen characters each, in groups of four. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: codesInSet }, () => (base32(randomBytes(10)).match(/.{4}/g) ?? []).join('-'))
}

/** What was typed, without what people put in between; undefined when it is no recovery code. */
export function canonicalCode(typed: string): string | undefined {
  const code = typed.replace(/[\s-]/g, '').toUpperCase()
  return /^[A-Z2-7]{16}$/.test(code) ? code : undefined
}
