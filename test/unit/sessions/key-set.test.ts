import t from 'tap'
import { generateKeys, looksRandom } from '../../../src/sessions/key-set.ts'
import { seededBytes } from '../../support/seeded-random.ts'

const bytes = (make: (i: number) => number): string => Buffer.from(Array.from({ length: 32 }, (_, i) => make(i) & 255)).toString('base64url')

await t.test('keys: they differ each time they are generated', async (t) => {
  t.not(generateKeys().signing[0].kid, generateKeys().signing[0].kid)
})

await t.test('looksRandom: true for 32 random bytes', async (t) => {
  for (let i = 0; i < 10_000; i++) {
    const text = seededBytes(32).toString('base64url')
    if (!looksRandom(text)) t.fail(text)
  }
})

await t.test('looksRandom: false for what somebody made by hand', async (t) => {
  const half = seededBytes(16)
  const sixteen = [0, 3, 11, 27, 41, 66, 70, 98, 113, 140, 151, 177, 190, 214, 229, 250]
  const made: Record<string, string> = {
    'all zero': bytes(() => 0),
    'one byte again and again': bytes(() => 0xa5),
    '00 01 02 …': bytes((i) => i),
    'ff fe fd …': bytes((i) => 255 - i),
    'steps of seven': bytes((i) => 3 + 7 * i),
    deadbeef: bytes((i) => [0xde, 0xad, 0xbe, 0xef][i % 4] as number), // of four
    'a half twice': Buffer.concat([half, half]).toString('base64url'),
    'sixteen values in two orders': bytes((i) => i < 16 ? sixteen[i]! : sixteen[(5 * i + 3) % 16]!),
    'sixteen steps again and again': bytes((i) => Array.from({ length: i + 1 }, (_, n) => sixteen[n % 16]!).reduce((sum, step) => sum + step)),
    'typed letters and a tilde': Buffer.from('Correct horse battery staple 42~').toString('base64url'),
    'typed letters': Buffer.from('Correct horse battery staple 42!').toString('base64url'),
    'typed hex digits': Buffer.from(seededBytes(16).toString('hex')).toString('base64url'),
    'words as base64url': 'this-is-the-key-of-our-login-keep-it-closed',
    'capitals as base64url': 'THIS-IS-THE-KEY-OF-OUR-LOGIN-KEEP-IT-CLOSED',
    'digits as base64url': '3141592653589793238462643383279502884197169',
    'a placeholder': 'ChangeMe0hB7xQk2LmVt9sWzYp4RnJc1UdGaEfXi5oK',
    'an example': 'hB7xQk2LmVt9sExampleWzYp4RnJc1UdGaEfXi5oK8a',
    'too short': seededBytes(31).toString('base64url'),
    'too long': seededBytes(33).toString('base64url'),
    'base64 with its padding': seededBytes(32).toString('base64'),
    nothing: '',
  }
  for (const [what, text] of Object.entries(made)) t.equal(looksRandom(text), false, what)
})
