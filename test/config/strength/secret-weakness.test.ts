/** Which secrets are refused: what is known, and what people make up; and that nothing random ever is. */
import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto'
import t from 'tap'
import { isKnownSecret } from '../../../src/config/strength/known-secrets.ts'
import { secretWeakness } from '../../../src/config/strength/secret-weakness.ts'
import { isLong } from '../../helpers/long.ts'

const refused: [string, RegExp][] = [
  ['', /shorter/],
  ['a'.repeat(31), /shorter/],
  ['a'.repeat(64), /too few/],
  ['0123456789'.repeat(4), /repeats/],
  ['correcthorsebattery'.repeat(2), /repeats/],
  ['abcdefghijklmnopqrstuvwxyz0123456789', /sequence/],
  ['your-256-bit-secret-your-256-bit-secret', /words/],
  ['a-string-secret-at-least-256-bits-long', /well-known/],
  ['09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', /well-known/],
  ['09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7', /well-known/],
  ['change-this-super-secret-key-in-production', /words/],
  ['please_change_me_to_a_long_random_string!!', /words/],
  ['supersecretjwtkeyforlocaldevelopment1234', /words/],
  ['-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END', /PEM/],
  ['{"kty":"oct","k":"c2lnbmV0LXNpZ25ldC1zaWduZXQ"}', /PEM or JWK|comma/],
  [`${randomBytes(24).toString('base64url')},${randomBytes(8).toString('hex')}`, /comma/],
]

for (const [secret, reason] of refused) {
  t.test(`refused: ${JSON.stringify(secret).slice(0, 40)}`, async t => {
    const weakness = secretWeakness(secret)
    t.match(weakness, reason)
    if (secret) t.notOk(weakness?.includes(secret))
  })
}

const encoded = (text: string, encoding: BufferEncoding) => Buffer.from(text).toString(encoding)
const counting = Buffer.from(Array.from({ length: 32 }, (_, i) => i))

/** Each kind with the examples that somebody would think of. None of them may start the service, however long. */
const madeUp: Record<string, string[]> = {
  words: [
    'correct horse battery staple correct horse battery',
    'horse staple battery correct zebra ladder ocean pencil',
    'correct-horse-battery-staple-window-purple-mountain-river-candle-forest-elephant-guitar-velvet-orange-planet-whisper',
    'Correct7Horse3Battery9Staple2Window8Purple4Mountain1River6Candle',
    'thequickbrownfoxjumpsoverthelazydog',
    'ihopethatnobodywilleverguessthislongkey',
    'ThisIsAVeryLongSecretKeyThatNobodyWillEverGuess',
    'mysupersecretjwtkeymysupersecretjwtkey',
    'your-256-bit-secret-for-my-app-2024!',
    'Your-256-Bit-Secret-Your-App-Prod-1',
    'JWT_SECRET_KEY_CHANGE_ME_IN_PRODUCTION',
    'lorem ipsum dolor sit amet consectetur adipiscing elit',
    'Gandalf-Frodo-Samwise-Aragorn-Legolas-Gimli',
  ],
  'words of other languages': [
    'dasisteinlangesgeheimnisfuermeineanwendung',
    'Donaudampfschifffahrtsgesellschaftskapitaen',
    'ceciestunephrasesecretetreslonguepourjwt',
    'estaesunaclavesecretamuylargaparajwt',
    'wachtwoordvoordeproductieomgeving',
    'корректный-конь-батарея-скрепка-секрет',
    '秘密の鍵はとても長くて誰にも推測できません',
  ],
  'words with digits for letters, or backwards': [
    'MyS3cr3tK3yF0rJwtT0k3n5igning2024!',
    'p4ssw0rdp4ssw0rd_l33t_h4x0r_s3cr3t_k3y',
    '5up3r_53cr3t_jwt_k3y_ch4ng3_m3_n0w',
    'N3v3rG0nn4G1v3Y0uUpN3v3rG0nn4L3tY0uD0wn',
    'drowssapterceseulavtluafedymegnahc',
  ],
  'a repeated piece': [
    'changemechangemechangemechangeme',
    'kX9#mP2qkX9#mP2qkX9#mP2qkX9#mP2q',
    'kX9#mP2qKx9#Mp2QkX9#mP2qKx9#Mp2Q',
    'password123password456password789',
    'secret1secret2secret3secret4secret5',
    'test123-test123-test123-test123-test123-test123-test123',
    'aZ1!aZ1!aZ1!bY2@bY2@bY2@cX3#cX3#cX3#',
    'deadbeefcafebabefeedfacebaadf00d8badf00ddefaced1',
    '12345678-1234-1234-1234-123456789012',
  ],
  'a run': [
    'AbCdEfGhIjKlMnOpQrStUvWxYz123456',
    'zyxwvutsrqponmlkjihgfedcba9876543210',
    'acegikmoqsuwybdfhjlnprtvxz13579024',
    'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6',
    'abcd1234efgh5678ijkl9012mnop3456',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
    'fedcba9876543210fedcba9876543210',
    '1234567891011121314151617181920212223',
    '24681012141618202224262830323436384042',
    '20240101202401022024010320240104',
    '19840612199012242001091119691031',
    '2024-01-01T00:00:00Z2024-12-31T23:59:59Z',
    '31415926535897932384626433832795',
    'abababbaababbabbaabababbababaabbcdefgh01',
  ],
  'a walk over the keyboard': [
    'qwertyuiopasdfghjklzxcvbnm1234567890',
    '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
    'zaq12wsxcde34rfvbgt56yhnmju78ik.lo90p;/',
    'poiuytrewqlkjhgfdsamnbvcxz0987654321',
    'qwer1234asdf5678zxcv9012tyui3456',
    '!@#$%^&*()_+!@#$%^&*()_+QWERTYUIOP',
  ],
  'what is encoded': [
    encoded('mysupersecretjwtkeymysupersecretjwtkey', 'base64'),
    encoded('supersecretjwtkey-change-me', 'hex'),
    encoded(encoded('correct horse battery staple', 'base64'), 'base64'),
    encoded('1234567890123456789012345678', 'base64url'),
    counting.toString('base64'),
    counting.toString('hex').replace(/..(?!$)/g, '$&:'),
    encoded('{"alg":"HS256","typ":"JWT"}', 'base64url'),
    '%7Bsecret%7Dsecret%20key%20for%20jwt',
    createHash('sha256').update('secret').digest('hex'),
    createHash('md5').update('password').digest('hex'),
    createHash('sha1').update('admin').digest('hex'),
    createHash('sha384').update('').digest('base64url'),
    createHash('sha512').update('changeme').digest('base64'),
  ],
}

for (const [kind, secrets] of Object.entries(madeUp)) {
  t.test(`${kind} never makes a secret, whatever its length`, async t => {
    for (const secret of secrets) {
      t.ok(secretWeakness(secret), secret)
      if (kind.startsWith('words')) t.ok(secretWeakness(`${secret}${secret}!`), `${secret} twice`)
    }
  })
}

t.test('a known secret is refused, in capitals too, and with something added', async t => {
  const known = '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'
  for (const secret of [known, known.toUpperCase(), `${known}2024`, `prod-${known}`]) {
    t.equal(secretWeakness(secret), 'is a well-known example')
  }
  const ofStandards = [
    '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    '2b7e151628aed2a6abf7158809cf4f3c',
  ]
  for (const secret of ofStandards) t.equal(secretWeakness(secret), 'is a well-known example')
  t.notOk(isKnownSecret(randomBytes(32).toString('hex')))
})

t.test('what is random is a secret, with a page of words before it or behind it', async t => {
  const page = 'the secret of the service that somebody made in a hurry '.repeat(5)
  const random = randomBytes(192).toString('base64')
  for (const secret of [page + random, random + page]) t.equal(secretWeakness(secret), undefined, secret)
})

t.test('bytes that are not text are refused, because reading them as text would lose most of them', async t => {
  t.match(secretWeakness(Buffer.concat([randomBytes(32), Buffer.alloc(32, 0xff)]).toString('utf8')), /is not text/)
})

const pick = (letters: string, length: number) =>
  Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
const letters = 'abcdefghijklmnopqrstuvwxyz'
const alphanumeric = `${letters}${letters.toUpperCase()}0123456789`

const generators: Record<string, () => string> = {
  'openssl rand -base64 32': () => randomBytes(32).toString('base64'),
  'openssl rand -base64 48': () => randomBytes(48).toString('base64'),
  'openssl rand -hex 16': () => randomBytes(16).toString('hex'),
  'openssl rand -hex 32': () => randomBytes(32).toString('hex'),
  'openssl rand -hex 64': () => randomBytes(64).toString('hex'),
  'hex in capitals': () => randomBytes(32).toString('hex').toUpperCase(),
  "randomBytes(32).toString('base64url')": () => randomBytes(32).toString('base64url'),
  'a UUID': () => randomUUID(),
  'two UUIDs': () => `${randomUUID()}${randomUUID()}`,
  'base32 in capitals': () => pick('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 52),
  'a password manager': () => pick(`${alphanumeric}!@#$%^&*()-_=+[]{};:.?`, 40),
  'a random secret behind words': () => `signet-production-${randomBytes(32).toString('base64')}`,
}

/** Of so few letters that one in some ten thousand has too many words by chance. */
const short: Record<string, () => string> = {
  'openssl rand -base64 24': () => randomBytes(24).toString('base64'),
  '32 letters and digits': () => pick(alphanumeric, 32),
}

const times = isLong ? 100_000 : 40

function refusedOf(make: () => string): string[] {
  const secrets = Array.from({ length: times }, make)
  return secrets.flatMap(secret => {
    const weakness = secretWeakness(secret)
    return weakness ? [`${secret} ${weakness}`] : []
  })
}

for (const [name, make] of Object.entries(generators)) {
  t.test(`never refused: ${name}`, { timeout: 3_600_000 }, async t => t.strictSame(refusedOf(make), []))
}

for (const [name, make] of Object.entries(short)) {
  t.test(`hardly ever refused: ${name}`, { timeout: 3_600_000 }, async t => {
    const refused = refusedOf(make)
    t.ok(refused.length <= 1 + times / 10_000, refused.join('\n'))
  })
}
