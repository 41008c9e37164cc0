/** Access tokens: their claims, read by an independent library, and that nothing else is accepted as one. */
import { createHmac, createPrivateKey, createSign, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import t from 'tap'
import { generateKeys, type Keys } from '../../src/sessions/key-set.ts'
import { withProviderKeys } from '../support/provider-keys.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { logIn, verdict } from '../support/login.ts'

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Signs any header and payload by ES256. */
const signedBy = (pemOrKey: string | KeyObject, header: unknown, payload: unknown): string => {
  const key = typeof pemOrKey === 'string' ? createPrivateKey(pemOrKey) : pemOrKey
  const text = `${base64url(header)}.${base64url(payload)}`
  const mac = createSign('SHA256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${mac.toString('base64url')}`
}

const withBearer = (service: TestService, token: string): Promise<Answer> =>
  service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })

const opened = async (t: Parameters<typeof openTestService>[0], env: Record<string, string> = {}) => {
  const keys = withProviderKeys()
  const service = await openTestService(t, { keys, env })
  const login = await logIn(service)
  const jwks = createLocalJWKSet((await service.call({ path: `${service.config.basePath}/.well-known/jwks.json` })).json)
  const verified = await jwtVerify(login.token, jwks, { currentDate: new Date(service.clock.now()) })
  return { keys, service, jwks, ...login, header: { ...verified.protectedHeader }, claims: { ...verified.payload } }
}

await t.test('access token: an independent library reads the documented header and claims', async (t) => {
  const { service, token, header, claims, phone, keys, cookie } = await opened(t)
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt', kid: keys.signing[0].kid })
  const now = service.clock.now() / 1000
  const shown = await service.call({ path: '/api/session', headers: { cookie } })
  t.strictSame(claims, {
    iss: 'https://login.example.com',
    aud: 'https://login.example.com',
    sub: phone.sub,
    iat: now,
    exp: now + 900,
    jti: claims.jti,
    sid: shown.json.session.id,
    auth_time: now,
    amr: ['wechat'],
  })
  t.match(claims.jti, /^[A-Za-z0-9_-]{22}$/)
  t.equal(token.split('.').length, 3)
  t.notOk(JSON.stringify(claims).includes(service.simulator.openidOf('ming')))

  service.clock.advance(60_000)
  const fresh = await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  const next = JSON.parse(Buffer.from(fresh.json.access_token.split('.')[1], 'base64url').toString())
  t.not(next.jti, claims.jti)
  t.strictSame({ ...next, jti: claims.jti }, { ...claims, iat: now + 60, exp: now + 960 }, 'auth_time stays')
})

await t.test('access token: issuer and audience are those of the configuration', async (t) => {
  for (const [env, iss, aud] of [
    [{ PUBLIC_URL: 'https://example.com:8443/login/' }, 'https://example.com:8443/login', 'https://example.com:8443'],
    [{ PUBLIC_URL: 'https://example.com', TOKEN_AUDIENCE: 'urn:shop' }, 'https://example.com', 'urn:shop'],
    [{}, 'https://login.example.com', 'https://login.example.com'],
  ] as Array<[Record<string, string>, string, string]>) {
    const { claims } = await opened(t, env)
    t.hasStrict(claims, { iss, aud })
  }
})

await t.test('access token: it never outlives its session', async (t) => {
  for (const env of [{ SESSION_MAX: '10m' }, { SESSION_IDLE: '10m' }] as Array<Record<string, string>>) {
    const { service, claims, consumed, cookie } = await opened(t, env)
    t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 600)
    t.equal(consumed.json.expires_in, 600)
    service.clock.advance(300_000)
    const fresh = await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    t.equal(fresh.json.expires_in, env.SESSION_MAX === undefined ? 600 : 300, 'what the session has left then')
  }
})

const loggedIn = async (service: TestService) => {
  const login = await logIn(service)
  return { ...login, claims: JSON.parse(Buffer.from(login.token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown> }
}

await t.test('jwks: it has public keys only, including the previous ones', async (t) => {
  const [current] = generateKeys().signing
  const [previous] = generateKeys().signing
  const keys: Keys = { ...withProviderKeys(), signing: [current, previous] }
  const service = await openTestService(t, { keys })
  const { token, claims } = await loggedIn(service)
  const { json, headers } = await service.call({ path: '/.well-known/jwks.json' })
  t.match(headers['content-type'], /^application\/json/)
  t.strictSame(json.keys.map(({ kid }: { kid: string }) => kid), [current.kid, previous.kid], 'none of the OpenID Provider\'s, which are published below its own issuer')
  for (const key of json.keys) t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  t.equal(decodeProtectedHeader(token).kid, current.kid)
  const old = signedBy(previous.privatePem, { alg: 'ES256', typ: 'at+jwt', kid: previous.kid }, claims)
  t.equal((await withBearer(service, old)).status, 200, 'a token by the previous key is accepted')
  const foreign = signedBy(previous.privatePem, { alg: 'ES256', typ: 'at+jwt', kid: current.kid }, claims)
  t.equal(verdict(await withBearer(service, foreign)), '401 unauthenticated', 'but not under another kid')
})

await t.test('access token: anything else is refused with the same answer', async (t) => {
  const { service, keys, token, header, claims } = await opened(t)
  const { privatePem, publicPem, publicJwk, kid } = keys.signing[0]
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const strangerJwk = await exportJWK(stranger.publicKey)
  const [head = '', payload = '', mac = ''] = token.split('.')
  const now = service.clock.now() / 1000
  const ours = (changes: Record<string, unknown>, headers: Record<string, unknown> = {}): string => signedBy(privatePem, { ...header, ...headers }, { ...claims, ...changes })
  /** Signs any bytes as the payload with the service's key. */
  const raw = (bytes: string | Buffer): string => {
    const text = `${head}.${Buffer.from(bytes as string).toString('base64url')}` // Buffer.from takes either
    return `${text}.${createSign('SHA256').update(text).sign({ key: privatePem, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const hmac = (secret: string, alg: string): string => {
    const text = `${base64url({ ...header, alg })}.${payload}`
    return `${text}.${createHmac(alg.replace('HS', 'sha'), secret).update(text).digest('base64url')}`
  }
  const der = createSign('SHA256').update(`${head}.${payload}`).sign(createPrivateKey(privatePem)).toString('base64url')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsaText = `${base64url({ ...header, alg: 'RS256' })}.${payload}`
  const provider = keys.provider?.find(({ jwk }) => jwk.alg === 'ES256')
  if (provider === undefined) throw new Error('the OpenID Provider has no key on P-256')
  const providerKey = createPrivateKey({ key: { ...provider.jwk }, format: 'jwk' })
  const other = await openTestService(t, { simulator: service.simulator, clock: service.clock })
  const { token: elsewhere } = await logIn(other)

  for (const control of [ours({}), raw(JSON.stringify(claims)), ours({ iat: now + 60, exp: now + 960 }), ours({ exp: now + 1 }), ours({ nbf: now })]) {
    t.equal((await withBearer(service, control)).status, 200, 'valid variants are accepted')
  }

  const tokens: Record<string, string> = {
    'alg is none': `${base64url({ ...header, alg: 'none' })}.${payload}.`,
    'alg is none, with our MAC': `${base64url({ ...header, alg: 'none' })}.${payload}.${mac}`,
    'alg is NONE': `${base64url({ ...header, alg: 'NONE' })}.${payload}.`,
    'alg is HS256 over the public key': hmac(publicPem, 'HS256'),
    'alg is HS256 over the public key, trimmed': hmac(publicPem.trim(), 'HS256'),
    'alg is HS256 over the JWK': hmac(JSON.stringify(publicJwk), 'HS256'),
    'alg is HS256 over nothing': hmac('', 'HS256'),
    'alg is HS512': hmac(publicPem, 'HS512'),
    'alg is RS256': `${rsaText}.${signBytes('sha256', Buffer.from(rsaText), rsa.privateKey).toString('base64url')}`,
    'alg is ES384': ours({}, { alg: 'ES384' }),
    'alg is missing': ours({}, { alg: undefined }),
    'alg is null': ours({}, { alg: null }),
    'alg is a list': ours({}, { alg: ['ES256'] }),
    'alg is in small letters': ours({}, { alg: 'es256' }),
    'alg is ES256K': ours({}, { alg: 'ES256K' }),
    'alg is EdDSA': ours({}, { alg: 'EdDSA' }),
    'kid is unknown': ours({}, { kid: 'x' }),
    'kid is missing': ours({}, { kid: undefined }),
    'kid is a list': ours({}, { kid: [kid] }),
    'kid is a path': ours({}, { kid: '../../dev/null' }),
    'kid is a number': ours({}, { kid: 0 }),
    'kid is that of the signer\'s own key': signedBy(stranger.privateKey, { ...header, kid: await calculateJwkThumbprint(strangerJwk) }, claims),
    'kid is of the prototype': ours({}, { kid: '__proto__' }),
    'typ is JWT': ours({}, { typ: 'JWT' }),
    'typ is in capitals': ours({}, { typ: 'AT+JWT' }),
    'typ is a list': ours({}, { typ: ['at+jwt'] }),
    'typ is missing': ours({}, { typ: undefined }),
    'typ is an ID token\'s': ours({}, { typ: 'id+jwt' }),
    'crit asks for what nobody knows': ours({}, { crit: ['exp2'], exp2: 1 }),
    'crit is empty': ours({}, { crit: [] }),
    'crit is null': ours({}, { crit: null }),
    'crit asks for an unencoded payload': ours({}, { crit: ['b64'], b64: false }),
    'the payload is said to be unencoded': ours({}, { b64: false }),
    'the payload is said to be packed': ours({}, { zip: 'DEF' }),
    'our own key is brought along': ours({}, { jwk: publicJwk }),
    'keys are said to be elsewhere': ours({}, { jku: 'https://evil.example/jwks.json' }),
    'a certificate is said to be elsewhere': ours({}, { x5u: 'https://evil.example/key.pem' }),
    'a certificate is brought along': ours({}, { x5c: ['MII'] }),
    'somebody else signed under our kid': signedBy(stranger.privateKey, header, claims),
    'the key is brought along': signedBy(stranger.privateKey, { ...header, jwk: strangerJwk }, claims),
    'the key is said to be elsewhere': signedBy(stranger.privateKey, { ...header, jku: 'https://evil.example/jwks.json' }, claims),
    'the OpenID Provider signed it': signedBy(providerKey, { ...header, kid: provider.kid }, claims),
    'the OpenID Provider signed it under our kid': signedBy(providerKey, header, claims),
    'another installation issued it': elsewhere,
    'aud is another': ours({ aud: 'https://shop.example' }),
    'aud is missing': ours({ aud: undefined }),
    'aud is a list of others': ours({ aud: ['https://shop.example'] }),
    'aud is empty': ours({ aud: [] }),
    'aud is ours and another': ours({ aud: [claims.aud, 'https://shop.example'] }),
    'aud is ours in a list': ours({ aud: [claims.aud] }),
    'aud is an object': ours({ aud: { 0: claims.aud } }),
    'iss is another': ours({ iss: 'https://evil.example' }),
    'iss is missing': ours({ iss: undefined }),
    'iss is in a list': ours({ iss: [claims.iss] }),
    'iss has a slash at its end': ours({ iss: 'https://login.example.com/' }),
    'iss is in capitals': ours({ iss: 'https://LOGIN.example.com' }),
    'iss goes on': ours({ iss: 'https://login.example.com.evil.example' }),
    'it has expired': ours({ iat: now - 900, exp: now }),
    'exp is missing': ours({ exp: undefined }),
    'exp is a text': ours({ exp: String(now + 900) }),
    'exp is null': ours({ exp: null }),
    'exp is no whole number': ours({ exp: now + 899.5 }),
    'exp is a list': ours({ exp: [now + 900] }),
    'exp is true': ours({ exp: true }),
    'exp is no number that JSON has': raw(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":NaN')),
    'exp is infinite': raw(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
    'exp is below zero': ours({ iat: -1000, exp: -100 }),
    'exp is in milliseconds': ours({ iat: now * 1000, exp: now * 1000 + 900 }),
    'it lives for a second too long': ours({ exp: now + 901 }),
    'it is made two minutes from now': ours({ iat: now + 120, exp: now + 1020 }),
    'exp is far away': ours({ exp: now + 10_000 }),
    'exp is beyond numbers': ours({ exp: 1e308 }),
    'it is not yet valid': ours({ nbf: now + 600 }),
    'nbf is a text': ours({ nbf: 'soon' }),
    'iat is a text': ours({ iat: 'now' }),
    'iat is missing': ours({ iat: undefined }),
    'iat is no whole number': ours({ iat: now - 0.5 }),
    'nbf is null': ours({ nbf: null }),
    'sid is unknown': ours({ sid: 'A'.repeat(22) }),
    'sid is no id': ours({ sid: 'x:y' }),
    'sid is missing': ours({ sid: undefined }),
    'sid is a list': ours({ sid: [claims.sid] }),
    'sub is somebody else': ours({ sub: 'A'.repeat(43) }),
    'sub is missing': ours({ sub: undefined }),
    'sub is a list': ours({ sub: [claims.sub] }),
    'jti is missing': ours({ jti: undefined }),
    'jti is a number': ours({ jti: 1 }),
    'auth_time is missing': ours({ auth_time: undefined }),
    'auth_time is a text': ours({ auth_time: String(now) }),
    'amr is missing': ours({ amr: undefined }),
    'amr is a text': ours({ amr: 'wechat' }),
    'amr says more': ours({ amr: ['wechat', 'pwd'] }),
    'the claims are inherited': raw(`{"__proto__":${JSON.stringify(claims)}}`),
    'the payload is a list': signedBy(privatePem, header, [claims]),
    'the payload is an empty list': signedBy(privatePem, header, []),
    'the payload is true': signedBy(privatePem, header, true),
    'the payload is a text': signedBy(privatePem, header, 'hello'),
    'the payload is null': signedBy(privatePem, header, null),
    'the payload is a number': signedBy(privatePem, header, 1),
    'the payload is empty': `${head}..${mac}`,
    'the payload was changed': `${head}.${base64url({ ...claims, amr: ['pwd'] })}.${mac}`,
    'the payload is no JSON': `${head}.${Buffer.from('{').toString('base64url')}.${mac}`,
    'the payload is signed and no JSON': raw('{'),
    'the payload is signed and no UTF-8': raw(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    'the payload is signed and nothing': raw(''),
    'the payload is base64 with its padding': `${head}.${Buffer.from(JSON.stringify({ ...claims, x: '?' })).toString('base64')}=.${mac}`,
    'the header is no JSON': `${Buffer.from('{').toString('base64url')}.${payload}.${mac}`,
    'the header is null': `${base64url(null)}.${payload}.${mac}`,
    'the header is a list': `${base64url([])}.${payload}.${mac}`,
    'the MAC is missing': `${head}.${payload}`,
    'the MAC is empty': `${head}.${payload}.`,
    'the MAC is zero': `${head}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    'the MAC is in DER': `${head}.${payload}.${der}`,
    'the MAC is cut': `${head}.${payload}.${mac.slice(0, -4)}`,
    'the MAC is no base64url': `${head}.${payload}.!!!!`,
    'the MAC is twice as long': `${token}${mac}`,
    'the MAC is all ones': `${head}.${payload}.${Buffer.alloc(64, 255).toString('base64url')}`,
    'the MAC is padded': `${token}==`,
    'the MAC is of other letters': `${head}.${payload}.微信`,
    'there is a fourth part': `${token}.${mac}`,
    'there are five parts': `${head}.${mac}.${mac}.${payload}.${mac}`,
    'there is no dot': 'x',
    'there are only dots': '..',
    'there is one dot': '.',
    'there are more dots': '....',
    'the header is empty': `.${payload}.${mac}`,
    'only the MAC is there': `..${mac}`,
    'only the header is there': `${head}..`,
    'it is an encrypted one': `${base64url({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'at+jwt', kid })}..${mac}.${payload}.${mac}`,
    'it is one in JSON': base64url({ protected: head, payload, signature: mac }),
    'it is shown twice': `${token},${token}`,
    'it is in quotes': `"${token}"`,
    'it is in small letters': token.toLowerCase(),
    'it has a NUL': `${token}%00`,
    'it is huge': `${head}.${'A'.repeat(16_384)}.${mac}`,
    'its header is huge': `${'A'.repeat(16_384)}.${payload}.${mac}`,
    'its claims are huge and signed': ours({ x: 'x'.repeat(16_384), exp: now + 901 }),
    'it is nested deeply': raw(`${'['.repeat(6000)}${']'.repeat(6000)}`),
  }
  for (const [what, bad] of Object.entries(tokens)) {
    for (const path of ['/api/session', '/api/session/verify']) {
      const answer = await service.call({ path, headers: { authorization: `Bearer ${bad}` } })
      t.strictSame({ ...answer.json, request_id: '' }, {
        type: 'urn:scan-login:problem:unauthenticated',
        title: 'Nobody is logged in',
        status: 401,
        detail: 'Nobody is logged in',
        code: 'unauthenticated',
        request_id: '',
      }, `${what}: ${path}`)
    }
  }
  t.equal((await withBearer(service, token)).status, 200)
})
