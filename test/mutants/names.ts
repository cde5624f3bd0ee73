import type { Mutant } from './mutant.ts'

const username = ['test/names/username.test.ts']
const email = ['test/names/email.test.ts']

export const mutants: readonly Mutant[] = [
  {
    name: 'a name is lower case without another NFKC',
    file: 'src/names/folded.ts',
    find: 'return nfkc(nfkc(text.trim()).toLowerCase()) || undefined',
    replace: 'return nfkc(text.trim()).toLowerCase() || undefined',
    tests: username,
  },
  {
    name: 'capitals are another name',
    file: 'src/names/folded.ts',
    find: '.toLowerCase()',
    replace: '',
    tests: username,
  },
  {
    name: 'a name of any length is folded',
    file: 'src/names/folded.ts',
    find: '  if (text.length > longestTyped) return undefined\n',
    replace: '',
    tests: ['test/hostile/text.test.ts', ...username],
  },
  {
    name: 'a Cyrillic letter stands for a Latin one',
    file: 'src/names/username.ts',
    find: '(!invisible.test(username) && isOfOneScript(username))',
    replace: '(!invisible.test(username) && isOfOneScript(username.slice(0, 1)))',
    tests: username,
  },
  {
    name: 'a name holds letters that nobody sees',
    file: 'src/names/username.ts',
    find: '(!invisible.test(username) && ',
    replace: '(invisible.flags && ',
    tests: username,
  },
  {
    name: 'a name of 65 characters',
    file: 'src/names/username.ts',
    find: '._-]{0,62}',
    replace: '._-]{0,63}',
    tests: username,
  },
  {
    name: 'a name is another’s address',
    file: 'src/names/username.ts',
    find: 'return address === email ?',
    replace: 'return address || email ?',
    tests: username,
  },
  {
    name: 'an address of 255 bytes',
    file: 'src/names/email.ts',
    find: 'Buffer.byteLength(canonical) <= 254',
    replace: 'canonical.length <= 255',
    tests: email,
  },
  {
    name: 'a domain in Unicode is another one',
    file: 'src/names/email.ts',
    find: '? domainToASCII(domain) :',
    replace: "? domain && `${domainToASCII('')}${domain}` :",
    tests: email,
  },
  {
    name: 'a domain is read as part of a URL',
    file: 'src/names/email.ts',
    find: "unicodeDomain.test(domain) ? domainToASCII(domain) : ''",
    replace: "unicodeDomain.flags ? domainToASCII(domain) : ''",
    tests: email,
  },
  {
    name: 'an address of before is looked up in its new form first',
    file: 'src/names/email.ts',
    find: '[written, ...(canonical ? [canonical, inUnicode(canonical)] : [])]',
    replace: '[...(canonical ? [canonical, inUnicode(canonical)] : []), written]',
    tests: email,
  },
  {
    name: 'two spellings of one address on two pages are not told',
    file: 'src/names/shared-addresses.ts',
    find: '    if (page.length < pageSize) return\n',
    replace: '    if (page.length <= pageSize) return\n',
    tests: ['test/users/names.test.ts'],
  },
]
