/**
 * ID tokens by the rules of Spring Security, which has no setting for them: `OidcIdTokenDecoderFactory` makes a `NimbusJwtDecoder` for RS256 whatever discovery says, and
 * `OidcIdTokenValidator` checks the claims. Written from those classes and from Nimbus' `JWKMatcher.forJWSHeader`, `DefaultJOSEObjectTypeVerifier` and `RSASSAVerifier`.
 */
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import t from 'tap'
import { openTested, suiteNonce } from '../../support/parties/conformance.ts'

interface Key extends JsonWebKey {
  readonly kid?: string
  readonly use?: string
  readonly alg?: string
}

const partOf = (token: string, index: number): any => JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())

/** Returns why Spring refuses a token; null where it takes it. */
const whyRefused = (token: string, keys: readonly Key[], { issuer, clientId, nonce }: { issuer: string, clientId: string, nonce: string }): string | null => {
  const { alg, kid, typ, crit } = partOf(token, 0)
  if (alg !== 'RS256') return 'Signed JWT rejected: Another algorithm expected'
  if (typ !== undefined && typ !== 'JWT') return 'JOSE header typ not allowed'
  if (crit !== undefined) return 'unsupported critical header'
  const matching = keys.filter((key) => key.kty === 'RSA' && key.kid === kid && [undefined, 'sig'].includes(key.use) && [undefined, alg].includes(key.alg))
  if (matching.length === 0) return 'Signed JWT rejected: Another algorithm expected, or no matching key(s) found'
  const [head = '', body = '', signature = ''] = token.split('.')
  const isSigned = matching.some((jwk) => {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 && verify('RSA-SHA256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))
  })
  if (!isSigned) return 'Signed JWT rejected: Invalid signature'
  const claims = partOf(token, 1)
  const [now, skew] = [Date.now() / 1000, 60]
  const wrong = Object.entries({
    iss: URL.canParse(claims.iss) && claims.iss === issuer,
    sub: typeof claims.sub === 'string' && claims.sub !== '',
    aud: [claims.aud].flat().includes(clientId) && (!Array.isArray(claims.aud) || claims.aud.length < 2 || claims.azp !== undefined),
    azp: claims.azp === undefined || claims.azp === clientId,
    exp: Number.isInteger(claims.exp) && now - skew <= claims.exp,
    iat: Number.isInteger(claims.iat) && now + skew >= claims.iat,
    nonce: claims.nonce === nonce,
  }).filter(([, isRight]) => !isRight).map(([name]) => name)
  return wrong.length === 0 ? null : `The ID Token contains invalid claims: ${wrong.join(', ')}`
}

const expected = { issuer: 'https://login.example.com/oidc', clientId: 'app', nonce: suiteNonce }

await t.test('spring: an ID token is accepted by its rules, and one that is changed, or for another client, is not', async (t) => {
  const { flow, service } = await openTested(t)
  const { tokens } = await flow({ scope: 'openid profile email groups' })
  const token: string = tokens.json.id_token
  const { keys } = (await service.call({ path: '/oidc/jwks' })).json as { keys: readonly Key[] }
  t.equal(whyRefused(token, keys, expected), null)
  t.type(partOf(token, 0).kid, 'string')
  t.match(whyRefused(token.replace(/\.[^.]*\./, `.${Buffer.from(JSON.stringify({ ...partOf(token, 1), sub: 'another' })).toString('base64url')}.`), keys, expected), /Invalid signature/)
  t.match(whyRefused(token, keys, { ...expected, clientId: 'other' }), /invalid claims: aud/)
  t.match(whyRefused(token, keys.filter(({ kty }) => kty !== 'RSA'), expected), /no matching key/)
})

await t.test('spring: an ID token is refused when the client\'s entry asks for ES256', async (t) => {
  const { authorize, redeem, service } = await openTested(t, { idTokenAlg: 'ES256' })
  const { json } = await redeem(await authorize())
  const { keys } = (await service.call({ path: '/oidc/jwks' })).json as { keys: readonly Key[] }
  t.match(whyRefused(json.id_token, keys, expected), /Another algorithm expected/)
})
