/** The OpenID Provider's keys: which order they have for oidc-provider, which it refuses, and what it does with them. */
import { createPublicKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, type JWK } from 'jose'
import t from 'tap'
import { generateStoredKeys, parseKeys, weakKeys } from '../../../src/sessions/key-set.ts'
import { generateProviderKeys, parseProviderKeys, providerAcceptedAfterMs, providerJwksAt, type ProviderKey, type ProviderKeys } from '../../../src/sessions/provider-keys.ts'
import { listen } from '../../support/listen.ts'
import { storedProviderKeys } from '../../support/provider-keys.ts'

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

/** As far as this test calls it. */
interface OidcProvider {
  readonly Client: { find (id: string): Promise<object> }
  readonly IdToken: (new (claims: object, options: { client: object }) => { scope: string, issue (options: { use: 'idtoken' }): Promise<string> }) & { validate (token: string, client: object): Promise<unknown> }
  callback (): RequestListener
}

await t.test('provider keys: oidc-provider publishes all public halves, signs with the first of the client\'s algorithm, and verifies an ID token by a replaced key until that ends', async (t) => {
  const name: string = 'oidc-provider' // it comes without types
  const { default: Provider } = await import(name) as { default: new (issuer: string, configuration: object) => OidcProvider }
  const [, newEc] = generateProviderKeys()
  const day = 86_400_000
  const keys = parseProviderKeys([{ ...otherRsa, signs_from: new Date(day).toISOString() }, { ...newEc, signs_from: new Date(day).toISOString() }, rsa, ec])
  const clients = (['RS256', 'ES256'] as const).map((alg) => ({ client_id: alg, client_secret: 'x'.repeat(43), redirect_uris: ['https://app.example/back'], ...alg !== 'RS256' && { id_token_signed_response_alg: alg } }))
  const providerAt = (now: number): OidcProvider => new Provider('https://login.example.com/oidc', { jwks: providerJwksAt(keys, now), clients })
  const issue = async (provider: OidcProvider, clientId: string): Promise<string> => {
    const token = new provider.IdToken({ sub: 'ming' }, { client: await provider.Client.find(clientId) })
    token.scope = 'openid'
    return await token.issue({ use: 'idtoken' })
  }
  const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid
  const kid = (key: JsonWebKey): Promise<string> => calculateJwkThumbprint(key as JWK)
  const before = providerAt(0)
  const tokens = [await issue(before, 'RS256'), await issue(before, 'ES256')] as const
  t.strictSame(tokens.map(kidOf), [await kid(rsa), await kid(ec)])
  const after = providerAt(day)
  t.strictSame([kidOf(await issue(after, 'RS256')), kidOf(await issue(after, 'ES256'))], [await kid(otherRsa), await kid(newEc as JsonWebKey)])
  const isKnownTo = async (provider: OidcProvider): Promise<boolean[]> => await Promise.all(tokens.map(async (token, i) =>
    await provider.IdToken.validate(token, await provider.Client.find(i === 0 ? 'RS256' : 'ES256')).then(() => true, () => false)))
  t.strictSame(await isKnownTo(providerAt(day + providerAcceptedAfterMs - 1)), [true, true])
  t.strictSame(await isKnownTo(providerAt(day + providerAcceptedAfterMs)), [false, false])

  const url = await listen(t, createServer(before.callback()))
  const read = async (path: string) => await (await fetch(`${url}${path}`)).json() as Record<string, never>
  const { keys: published } = await read('/jwks') as unknown as { keys: Array<Record<string, string>> }
  t.strictSame(published.map((key) => [key.kty, key.alg, key.use, Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name))]), [['RSA', 'RS256', 'sig', []], ['EC', 'ES256', 'sig', []], ['RSA', 'RS256', 'sig', []], ['EC', 'ES256', 'sig', []]])
  t.strictSame(published.map((key) => key.kid), providerJwksAt(keys, 0).keys.map((key) => key.kid))
  t.strictSame((await read('/.well-known/openid-configuration')).id_token_signing_alg_values_supported, ['RS256', 'ES256'])
})
