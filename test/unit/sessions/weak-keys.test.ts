import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { storedProviderKeys } from '../../support/provider-keys.ts'
import { isWeakPair, looksRandom } from '../../../src/sessions/weak-keys.ts'
import { seededBytes } from '../../support/seeded-random.ts'

const bytes = (make: (i: number) => number): string => Buffer.from(Array.from({ length: 32 }, (_, i) => make(i) & 255)).toString('base64url')

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

await t.test('isWeakPair: true for the RSA keys that standards print', async (t) => {
  const printed: Record<string, string> = {
    'RFC 7515, A.2': 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
    'RFC 7517, A.2': '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    'RFC 7517, C.1': 't6Q8PWSi1dkJj9hTP8hNYFlvadM7DflW9mWepOJhJ66w7nyoK1gPNqFMSQRyO125Gp-TEkodhWr0iujjHVx7BcV0llS4w5ACGgPrcAd6ZcSR0-Iqom-QFcNP8Sjg086MwoqQU_LYywlAGZ21WSdS_PERyGFiNnj3QQlO8Yns5jCtLCRwLHL0Pb1fEv45AuRIuUfVcPySBWYnDyGxvjYGDSM-AqWS9zIQ2ZilgT-GqUmipg0XOC0Cc20rgLe2ymLHjpHciCKVAbY5-L32-lSeZO-Os6U15_aXrk9Gw8cPUaX1_I8sLGuSiVdt3C_Fn2PZ3Z8i744FPFGGcG1qs2Wz-Q',
    'RFC 7520, 3.4': 'n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw',
    'one of ours': String(storedProviderKeys()[0]?.n),
  }
  for (const [where, n] of Object.entries(printed)) {
    const key = { kty: 'RSA', n, e: 'AQAB' }
    t.equal(isWeakPair(await calculateJwkThumbprint(key), key), where !== 'one of ours', where)
  }
})
