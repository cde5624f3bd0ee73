/**
 * Hashes of other makers, with vectors of their own documentation or tests, and what a maker hashed when somebody typed
 * what we would read differently.
 */
import { createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import bcrypt from 'bcryptjs'
import t from 'tap'
import type { HashTarget } from '../../src/passwords/hash-cost.ts'
import work from '../../src/passwords/hash-worker.ts'
import { readImportedHash } from '../../src/passwords/imported-hash.ts'
import { costClassOf, memoryKibOf, parseStoredHash } from '../../src/passwords/stored-hash.ts'
import { measuredAgain } from '../helpers/measured-again.ts'

const ours: HashTarget = { scheme: 'bcrypt', bcryptCost: 4 }
const argon2id: HashTarget = { scheme: 'argon2id', bcryptCost: 4 }

/** What a worker thread does with a password, here and now. */
function verify(password: string, hash: string | null, foreign: boolean, target = ours) {
  return work({ act: 'verify', password, hash, foreign, target }).verdict
}

const hashOf = (password: string, target = ours) => work({ act: 'hash', password, target }).hash ?? ''

function imported(written: string): string {
  const read = readImportedHash(written)
  if ('mistake' in read) throw new Error(read.mistake)
  return read.hash
}

const keycloak = (value: string, salt: string, credential: object) =>
  JSON.stringify({ secretData: JSON.stringify({ value, salt }), credentialData: JSON.stringify(credential) })

const firebase = 'ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=='

/** Each as its maker writes it, with the password it is of. */
const vectors = {
  'Django 2.1 (its own tests)': [
    'lètmein',
    'pbkdf2_sha256$120000$seasalt$fsgWMpOXin7ZAmi4j+7XjKCZ4JCvxJTGiwwDrawRqSc=',
  ],
  'Django 5.1 (its own tests)': [
    'lètmein',
    'pbkdf2_sha256$870000$seasalt$wJSpLMQRQz0Dhj/pFpbyjMj71B2gUYp6HJS5AU+32Ac=',
  ],
  'Django scrypt (its own tests)': [
    'lètmein',
    'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
  ],
  'passlib pbkdf2_sha256 (its manual)': [
    'password',
    '$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M',
  ],
  'passlib scrypt (its manual)': [
    'password',
    '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  ],
  Werkzeug: [
    '123',
    'scrypt:32768:8:1$p6YIyVfuDbsM85n8$3ec9a4a2ff4395d23af66aa270282d7185f14fe4fd63903bf95cebf628280f7b5add9a2eb7c6fefe504cbb85f3aa3cb1afb383a1b8205a50057cc9182c11d0d0',
  ],
  'Keycloak, 64 bytes as before version 24 (the Strimzi realm)': [
    'alice-password',
    keycloak(
      'KqABIiReBuRWbP4pBct3W067pNvYzeN7ILBV+8vT8nuF5cgYs2fdl2QikJT/7bGTW/PBXg6CYLwJQFYrBK9MWg==',
      'EPgscX9CQz7UnuZDNZxtMw==',
      { hashIterations: 27500, algorithm: 'pbkdf2-sha256' },
    ),
  ],
  'Keycloak, 32 bytes': [
    'password',
    keycloak('JsfNbCOIdZUbyBJ+BT+VoGI91Ec2rWLOvkLPDaX8e9k=', 'P5rtFkGtPfoaryJ6PizUJw==', {
      hashIterations: 27500,
      algorithm: 'pbkdf2-sha256',
      additionalParameters: {},
    }),
  ],
  'Firebase (the README of firebase/scrypt)': [
    'user1password',
    `$fbscrypt$v=1,n=14,r=8,p=1,${firebase}$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==`,
  ],
  'Firebase within Supabase (its own tests)': [
    'mytestpassword',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
  ],
  'WordPress 6.8': ['wp', '$wp$2y$10$WLfs9dC4gT9SDud/lNl.cePR.afwHqedp87wHMrMa6.Lyqf5zmZQa'],
  'WordPress 6.8, which trims': [' \twp\n', '$wp$2y$10$WLfs9dC4gT9SDud/lNl.cePR.afwHqedp87wHMrMa6.Lyqf5zmZQa'],
} as const

for (const [maker, [password, written]] of Object.entries(vectors)) {
  t.test(`${maker}: the right password matches and becomes one of ours, a wrong one does not`, async t => {
    const hash = imported(written)
    t.equal(verify(password, hash, true), 'outdated')
    t.equal(verify(`${password}x`, hash, true), 'wrong')
    t.equal(imported(hash), hash, 'what is stored can be imported')
    t.match(costClassOf(parseStoredHash(hash) as never), /^(bcrypt|pbkdf2|scrypt) /)
  })
}

t.test('the other spellings of the same schemes', async t => {
  const ofBcrypt = bcrypt.hashSync('demo123', 4)
  const of = (digest: string, length: number) => pbkdf2Sync('demo123', 'salt', 10, length, digest)
  for (const written of [
    `{bcrypt}${ofBcrypt}`,
    `{CRYPT}${ofBcrypt.replace('$2b$', '$2y$')}`,
    `bcrypt$${ofBcrypt}`,
    `pbkdf2:sha512:10$salt$${of('sha512', 64).toString('hex')}`,
    `pbkdf2_sha1$10$salt$${of('sha1', 20).toString('base64')}`,
    keycloak(of('sha512', 64).toString('base64'), btoa('salt'), { hashIterations: 10, algorithm: 'pbkdf2-sha512' }),
    keycloak(of('sha1', 64).toString('base64'), btoa('salt'), { hashIterations: 10, algorithm: 'pbkdf2' }),
    `scrypt:16:8:1$salt$${scryptSync('demo123', 'salt', 64, { N: 16, r: 8, p: 1 }).toString('hex')}`,
  ]) {
    t.not(verify('demo123', imported(written), true), 'wrong', written)
  }
  const text = hashOf('demo123', argon2id)
  const [, , , , salt = '', tag = ''] = text.split('$')
  const more = { memory: ['19456'], type: ['id'], parallelism: ['1'] }
  const ofKeycloak = keycloak(tag, salt, { hashIterations: 2, algorithm: 'argon2', additionalParameters: more })
  for (const written of [`argon2${text}`, `{argon2}${text}`, ofKeycloak]) t.equal(imported(written), text)
})

t.test('what is too weak, too costly or not known is refused with the reason, and never repeated', async t => {
  const scrypt = (numbers: string) => `$scrypt$${numbers}$c2FsdA$${'A'.repeat(43)}`
  const pbkdf2 = (rounds: number) => `pbkdf2_sha256$${rounds}$canary$${'A'.repeat(43)}=`
  const argon2 = (type: string) => {
    const more = { memory: ['19456'], type: [type], parallelism: ['1'] }
    const about = { hashIterations: 2, algorithm: 'argon2', additionalParameters: more }
    return keycloak('A'.repeat(43), 'canarycanarycanarycana', about)
  }
  const ofArgon2id = (numbers: string) => `$argon2id$v=19$${numbers}$canarycanarycanarycana$${'A'.repeat(43)}`
  t.ok(imported(argon2('id')))
  t.ok(imported(pbkdf2(2_000_000)))
  t.ok(imported(ofArgon2id('m=262144,t=10,p=16')))
  t.ok(imported(ofArgon2id('m=128,t=1,p=16')))
  t.equal(memoryKibOf(parseStoredHash(scrypt('ln=18,r=8,p=1')) as never), 262_144)
  for (const [written, why] of [
    ['$P$BcanaryP5EPnY4omTg1SJmUTSxeMfRY.', /phpass.*new password/],
    [pbkdf2(2_000_001), /too costly/],
    [pbkdf2(0), /no scheme/],
    [scrypt('ln=18,r=8,p=2'), /too costly/],
    [scrypt('ln=99,r=99,p=99'), /too costly/],
    ...['m=262145,t=2,p=1', 'm=19456,t=11,p=1', 'm=19456,t=2,p=17'].map(
      more => [ofArgon2id(more), /too costly/] as const,
    ),
    // Argon2 has no pass of none, and eight blocks for each lane (RFC 9106 section 3.1): computing it would throw.
    ...['m=19456,t=0,p=1', 'm=19456,t=2,p=0', 'm=127,t=2,p=16'].map(more => [ofArgon2id(more), /no scheme/] as const),
    ['scrypt:32767:8:1$canary$00', /no scheme/],
    ['pbkdf2:md5:10$canary$00', /no scheme/],
    ['{"canary":1}', /no scheme/],
    ['{"secretData":"{}","credentialData":"{}"}', /no scheme/],
    ['{noop}canary', /no scheme/],
    [argon2('i'), /no scheme/],
    [argon2('d'), /no scheme/],
    [`argon2$argon2i$v=19$m=19456,t=2,p=1$canarycanarycanarycana$${'A'.repeat(43)}`, /no scheme/],
    [`{argon2}$argon2d$v=19$m=19456,t=2,p=1$canarycanarycanarycana$${'A'.repeat(43)}`, /no scheme/],
    ['$2b$16$canaryxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopq', /too costly/],
    ['', /no scheme/],
    ['a'.repeat(100_000), /no scheme/],
  ] as const) {
    const read = readImportedHash(written)
    t.match(read, { mistake: why }, written.slice(0, 60))
    t.notMatch(JSON.stringify(read), 'canary')
  }
})

t.test('a foreign hash is of what its maker was sent: as it was typed, its NFC or its NFKC', async t => {
  for (const [typed, made] of [
    ['pässword', 'pässword'.normalize('NFD')],
    ['ﬁsh and chips', 'fish and chips'],
    ['ｐａｓｓ１２３４', 'pass1234'],
  ] as const) {
    const theirs = bcrypt.hashSync(made, 4)
    t.equal(verify(made, theirs, true), made.normalize('NFC') === made ? 'right' : 'outdated')
    if (made === typed.normalize('NFKC')) t.equal(verify(typed, theirs, true), 'outdated')
    t.equal(verify(typed.normalize('NFD') === made ? made : typed, theirs, false), 'wrong', 'one of ours is of NFC')
  }
  t.equal(verify('pässword'.normalize('NFD'), hashOf('pässword'), true), 'right')
})

t.test('a foreign bcrypt hash is of the first 72 bytes; it stays while ours could not hold the password', async t => {
  const long = 'ä'.repeat(50) // a hundred bytes
  const theirs = bcrypt.hashSync(Buffer.from(long).subarray(0, 72).toString(), 4)
  t.equal(verify(long, theirs, true), 'right')
  t.equal(verify(`${'ä'.repeat(36)}other`, theirs, true), 'right', 'as its maker would have')
  t.equal(verify('ä'.repeat(35), theirs, true), 'wrong')
  t.equal(verify(long, theirs, false), 'wrong', 'one of ours is never cut off')
  t.equal(verify(long, theirs, true, argon2id), 'outdated')
  t.equal(verify('abc\0abc', bcrypt.hashSync('abc', 4), true), 'wrong', 'NUL is of no maker')

  const wordpress = createHmac('sha384', 'wp-sha384').update(long).digest('base64')
  const ofWordPress = `$wp${bcrypt.hashSync(wordpress, 4).replace('$2b$', '$2y$')}`
  t.equal(verify(long, ofWordPress, true), 'right', 'matches, and cannot become bcrypt')
  t.equal(verify(`${long}x`, ofWordPress, true), 'wrong', 'and it is not cut off')
})

t.test('the work depends on what was sent, and not on whether there is such a user', async t => {
  const target = { ...ours, bcryptCost: 8 }
  const cpu = (password: string, hash: string | null, foreign: boolean) => {
    const before = process.threadCpuUsage()
    t.equal(verify(password, hash, foreign, target), 'wrong')
    return process.threadCpuUsage(before).user
  }
  const stored = bcrypt.hashSync('demo123', 8)
  const threeForms = `ﬁ${'ä'.normalize('NFD')}`
  for (let i = 0; i < 3; i++) cpu('warm', null, false)
  for (const [what, foreign] of [
    ['one of ours', false],
    ['a foreign one', true],
  ] as const) {
    const beside = async () => ({ taken: cpu(threeForms, stored, foreign), none: cpu(threeForms, null, false) })
    const isAlike = ({ taken, none }: { taken: number; none: number }) => taken > none * 0.7 && taken < none * 1.4
    const seen = await measuredAgain(beside, isAlike, 5)
    t.ok(isAlike(seen), `${what}: ${seen.taken} beside ${seen.none} microseconds`)
  }
  const isMore = await measuredAgain(async () => cpu(threeForms, null, false) > 2 * cpu('plain', stored, true), Boolean)
  t.ok(isMore, 'each form is a hash')
})
