/** The OpenID Provider's keys: which order they have for oidc-provider, which it refuses, and what it does with them. */
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { join } from 'node:path'
import { calculateJwkThumbprint, createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import t from 'tap'
import { generateKeys, parseKeys, generateStoredKeys, weakKeys } from '../../../src/sessions/key-set.ts'
import { parseProviderKeys, providerAcceptedAfterMs, providerCookieKeys, providerJwksAt, type ProviderKey, type ProviderKeys } from '../../../src/sessions/provider-keys.ts'
import { storedProviderKeys, withProviderKeys } from '../../support/provider-keys.ts'

type WholeJwk = Required<JsonWebKey> // as far as its kind has them

const [rsa, ec] = storedProviderKeys() as [WholeJwk, WholeJwk] // it makes two
const newRsa = (modulusLength = 2048, publicExponent = 65_537): WholeJwk => generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey.export({ format: 'jwk' }) as WholeJwk
const otherRsa = newRsa()

await t.test('provider keys: each has its thumbprint, its algorithm and its use, and signs what its public half verifies', async (t) => {
  const { keys } = providerJwksAt(parseProviderKeys([ec, rsa]), 0)
  t.strictSame(keys.map(({ kty, alg, use }) => [kty, alg, use]), [['RSA', 'RS256', 'sig'], ['EC', 'ES256', 'sig']], 'RS256 first, in whatever order the file has them')
  t.strictSame(keys.map((key) => Object.keys(key).sort()), [['alg', 'd', 'dp', 'dq', 'e', 'kid', 'kty', 'n', 'p', 'q', 'qi', 'use'], ['alg', 'crv', 'd', 'kid', 'kty', 'use', 'x', 'y']])
  for (const key of keys) {
    t.equal(key.kid, await calculateJwkThumbprint(key))
    const publicJwk = { ...createPublicKey({ key: { ...key }, format: 'jwk' }).export({ format: 'jwk' }), kid: key.kid, alg: key.alg }
    const token = await new SignJWT({}).setProtectedHeader({ alg: key.alg, kid: key.kid }).sign({ ...key })
    t.ok(await jwtVerify(token, createLocalJWKSet({ keys: [publicJwk] as never })), key.alg)
  }
})

await t.test('provider keys: the members that a file adds to a key don\'t come through', async (t) => {
  const named = parseProviderKeys([{ ...rsa, kid: 'mine', use: 'enc', alg: 'PS512', key_ops: ['encrypt'], x5c: ['x'] }, ec])
  t.strictSame(named, parseProviderKeys([rsa, ec]))
})

/** Keys as far as their order needs. */
const timed = (...keys: ReadonlyArray<[kid: string, alg: string, signsFrom: number]>): ProviderKeys =>
  keys.map(([kid, alg, signsFrom]) => ({ kid, signsFrom, jwk: { kid, alg } as ProviderKey['jwk'] }))

await t.test('provider keys: those that sign come first, and each algorithm has its own next key', async (t) => {
  const kids = (keys: ProviderKeys, now: number): string => providerJwksAt(keys, now).keys.map(({ kid }) => kid).join(' ')
  const keys = timed(['e2', 'ES256', 2000], ['e1', 'ES256', 0], ['r3', 'RS256', 3000], ['r1', 'RS256', 0], ['r2', 'RS256', 1000])
  t.equal(kids(keys, 0), 'r1 e1 r3 r2 e2')
  t.equal(kids(keys, 1000), 'r2 e1 r3 r1 e2')
  t.equal(kids(keys, 3000), 'r3 e2 r1 r2 e1')
  t.equal(kids(keys, 1000 + providerAcceptedAfterMs), 'r3 e2 r2 e1', 'r1 has ended, as r2 began to sign so long ago')
  t.equal(kids(keys, 3000 + providerAcceptedAfterMs), 'r3 e2')
  t.equal(kids(timed(['r', 'RS256', 5000], ['e', 'ES256', 5000]), 0), 'r e', 'some key signs when the clock is before all of them')
})

await t.test('provider keys: refused when one is missing, is there twice, is of another kind, or its numbers differ', async (t) => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' })
  const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const publicHalf = createPublicKey({ key: rsa, format: 'jwk' }).export({ format: 'jwk' })
  const otherEc = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as WholeJwk
  const wrong: Record<string, JsonWebKey[]> = {
    none: [],
    'RSA alone': [rsa],
    'EC alone': [ec],
    'RSA twice': [rsa, rsa, ec],
    'EC twice': [ec, rsa, ec],
    'P-384': [rsa, ec, p384],
    Ed25519: [rsa, ec, ed25519],
    'a public key': [publicHalf, ec],
    'EC halves': [rsa, { ...ec, d: otherEc.d }],
    ...Object.fromEntries(['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'].map((name) => [name, [{ ...rsa, [name]: name === 'e' ? 'Aw' : otherRsa[name as keyof WholeJwk] }, ec]])),
    'primes of another key': [{ ...rsa, p: otherRsa.p, q: otherRsa.q, dp: otherRsa.dp, dq: otherRsa.dq, qi: otherRsa.qi }, ec],
    'a prime is one': [{ ...rsa, p: 'AQ', q: rsa.n }, ec],
    'an empty number': [{ ...rsa, p: '' }, ec],
    signs_from: [{ ...rsa, signs_from: 'tomorrow' }, ec],
  }
  for (const [what, keys] of Object.entries(wrong)) t.throws(() => parseProviderKeys(keys), what)
  t.equal(parseProviderKeys([rsa, ec]).length, 2, 'the control')
})

await t.test('provider keys: weak when somebody else may know or compute them', async (t) => {
  const weakWith = (oidc: readonly JsonWebKey[]): readonly string[] => {
    const stored = { ...generateStoredKeys(), oidc }
    return weakKeys(stored, parseKeys(stored))
  }
  const file: string = join(import.meta.dirname, '../../../node_modules/oidc-provider/lib/consts/dev_keystore.js')
  const { default: development } = await import(file) as { default: { keys: [JsonWebKey] } } // the one that it has
  const weak: Record<string, JsonWebKey> = { 'RSA-1024': newRsa(1024), 'RSA of 2040 bits': newRsa(2040), 'exponent 3': newRsa(2048, 3), 'that of oidc-provider for development': development.keys[0] }
  t.equal(development.keys.length, 1)
  for (const [what, key] of Object.entries(weak)) t.strictSame(weakWith([rsa, ec, key]), ['a key of the OpenID Provider'], what)
  for (const [what, keys] of Object.entries({ 'the control': [rsa, ec], 'RSA-3072': [newRsa(3072), ec] })) t.strictSame(weakWith(keys), [], what)
})

await t.test('provider cookie keys: they follow from the cookie key, are none of ours, and stay when the signing keys change', async (t) => {
  const [one, other] = [generateKeys(), generateKeys()]
  const [key, ...none] = providerCookieKeys(one.cookie)
  t.strictSame(none, [])
  t.match(key, /^[\w-]{43}$/)
  t.strictSame(providerCookieKeys(withProviderKeys(one).cookie), [key])
  t.strictSame(providerCookieKeys(Buffer.from(one.cookie)), [key], 'the same for every instance')
  t.notSame(providerCookieKeys(other.cookie), [key])
  t.not(key, one.cookie.toString('base64url'))
})
