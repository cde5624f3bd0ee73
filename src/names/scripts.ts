/**
 * Whether a text is of one script, so that a Cyrillic а cannot stand for a Latin one (UTS #39, "single script"). Digits,
 * punctuation and marks that belong to every script do not count.
 */

/** The scripts in use today: UAX #31, tables 5 and 7, and Mongolian; by their codes in ISO 15924. */
const codes =
  'Latn Cyrl Grek Arab Hebr Deva Hani Hira Kana Hang Armn Beng Bopo Ethi Geor Gujr Guru Knda Khmr Laoo Mlym Mymr Orya Sinh ' +
  'Taml Telu Thaa Thai Tibt Adlm Bali Bamu Batk Cakm Cans Cham Cher Hmnp Java Kali Lana Lepc Limb Lisu Mand Mtei Newa Nkoo ' +
  'Olck Osge Plrd Rohg Saur Sund Sylo Syrc Tale Talu Tavt Tfng Vaii Wcho Yiii Mong'

const shared = /[\p{scx=Common}\p{scx=Inherited}]/u

/** Script_Extensions, since a mark of a character may be at home in several. Made at the first name that needs it. */
let sets: readonly RegExp[] | undefined

function allSets(): readonly RegExp[] {
  const single = codes.split(' ').map(code => new RegExp(`\\p{scx=${code}}`, 'u'))
  return [...single, /[\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}]/u, /[\p{scx=Hang}\p{scx=Hani}]/u] // Japanese, Korean
}

export function isOfOneScript(text: string): boolean {
  sets ??= allSets()
  let possible = sets
  for (const character of new Set(text)) {
    if (!shared.test(character)) possible = possible.filter(set => set.test(character))
    if (possible.length === 0) return false
  }
  return true
}
