/** Access tokens by CONTRACT, "Session and token": what ours say, seen with an independent library, and that nothing else is taken for one. */
import { createHmac, createPrivateKey, createSign, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import t from 'tap'
import { generateKeys, type Keys } from '../../src/sessions/key-file.ts'
import { openHouse, type Answer, type House } from '../support/house.ts'
import { logIn, verdict } from '../support/login.ts'

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Any header and payload under an honest ES256 signature. */
const signedBy = (pemOrKey: string | KeyObject, header: unknown, payload: unknown): string => {
  const key = typeof pemOrKey === 'string' ? createPrivateKey(pemOrKey) : pemOrKey
  const text = `${base64url(header)}.${base64url(payload)}`
  const mac = createSign('SHA256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${mac.toString('base64url')}`
}

const withBearer = (house: House, token: string): Promise<Answer> =>
  house.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })

const opened = async (t: Parameters<typeof openHouse>[0], env: Record<string, string> = {}) => {
  const keys = generateKeys()
  const house = await openHouse(t, { keys, env })
  const login = await logIn(house)
  const jwks = createLocalJWKSet((await house.call({ path: `${house.config.basePath}/.well-known/jwks.json` })).json)
  const verified = await jwtVerify(login.token, jwks, { currentDate: new Date(house.clock.now()) })
  return { keys, house, jwks, ...login, header: { ...verified.protectedHeader }, claims: { ...verified.payload } }
}

await t.test('access token: header and claims are those of the contract when an independent library reads it', async (t) => {
  const { house, token, header, claims, phone, keys, cookie } = await opened(t)
  t.strictSame(header, { alg: 'ES256', typ: 'at+jwt', kid: keys.signing[0].kid })
  const now = house.clock.now() / 1000
  const shown = await house.call({ path: '/api/session', headers: { cookie } })
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
  t.notOk(JSON.stringify(claims).includes(house.simulator.openidOf('ming')))

  house.clock.advance(60_000)
  const fresh = await house.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  const next = JSON.parse(Buffer.from(fresh.json.access_token.split('.')[1], 'base64url').toString())
  t.not(next.jti, claims.jti)
  t.strictSame({ ...next, jti: claims.jti }, { ...claims, iat: now + 60, exp: now + 960 }, 'auth_time stays')
})

await t.test('access token: issuer and audience follow the configuration', async (t) => {
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
    const { house, claims, consumed, cookie } = await opened(t, env)
    t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 600)
    t.equal(consumed.json.expires_in, 600)
    house.clock.advance(300_000)
    const fresh = await house.call({ method: 'POST', path: '/api/session/token', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    t.equal(fresh.json.expires_in, env.SESSION_MAX === undefined ? 600 : 300, 'what the session has left then')
  }
})

const loggedIn = async (house: House) => {
  const login = await logIn(house)
  return { ...login, claims: JSON.parse(Buffer.from(login.token.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown> }
}

await t.test('jwks: it shows public keys only, the previous ones too', async (t) => {
  const [current] = generateKeys().signing
  const [previous] = generateKeys().signing
  const keys: Keys = { ...generateKeys(), signing: [current, previous] }
  const house = await openHouse(t, { keys })
  const { token, claims } = await loggedIn(house)
  const { json, headers } = await house.call({ path: '/.well-known/jwks.json' })
  t.match(headers['content-type'], /^application\/json/)
  t.strictSame(json.keys.map(({ kid }: { kid: string }) => kid), [current.kid, previous.kid])
  for (const key of json.keys) t.strictSame(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  t.equal(decodeProtectedHeader(token).kid, current.kid)
  const old = signedBy(previous.privatePem, { alg: 'ES256', typ: 'at+jwt', kid: previous.kid }, claims)
  t.equal((await withBearer(house, old)).status, 200, 'what the previous key signed stays good')
  const foreign = signedBy(previous.privatePem, { alg: 'ES256', typ: 'at+jwt', kid: current.kid }, claims)
  t.equal(verdict(await withBearer(house, foreign)), '401 unauthenticated', 'under its own name only')
})

await t.test('access token: whatever else is shown as one is refused alike', async (t) => {
  const { house, keys, token, header, claims } = await opened(t)
  const { privatePem, publicPem, publicJwk, kid } = keys.signing[0]
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const strangerJwk = await exportJWK(stranger.publicKey)
  const [head = '', payload = '', mac = ''] = token.split('.')
  const now = house.clock.now() / 1000
  const ours = (changes: Record<string, unknown>, headers: Record<string, unknown> = {}): string => signedBy(privatePem, { ...header, ...headers }, { ...claims, ...changes })
  const hmac = (secret: string, alg: string): string => {
    const text = `${base64url({ ...header, alg })}.${payload}`
    return `${text}.${createHmac(alg.replace('HS', 'sha'), secret).update(text).digest('base64url')}`
  }
  const der = createSign('SHA256').update(`${head}.${payload}`).sign(createPrivateKey(privatePem)).toString('base64url')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsaText = `${base64url({ ...header, alg: 'RS256' })}.${payload}`
  const other = await openHouse(t, { simulator: house.simulator, clock: house.clock })
  const { token: elsewhere } = await logIn(other)

  t.equal((await withBearer(house, ours({}))).status, 200, 'the control is let through')

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
    'kid is unknown': ours({}, { kid: 'x' }),
    'kid is missing': ours({}, { kid: undefined }),
    'kid is a list': ours({}, { kid: [kid] }),
    'kid is a path': ours({}, { kid: '../../dev/null' }),
    'kid is of the prototype': ours({}, { kid: '__proto__' }),
    'typ is JWT': ours({}, { typ: 'JWT' }),
    'typ is missing': ours({}, { typ: undefined }),
    'typ is an ID token\'s': ours({}, { typ: 'id+jwt' }),
    'crit asks for what nobody knows': ours({}, { crit: ['exp2'], exp2: 1 }),
    'somebody else signed under our kid': signedBy(stranger.privateKey, header, claims),
    'the key is brought along': signedBy(stranger.privateKey, { ...header, jwk: strangerJwk }, claims),
    'the key is said to be elsewhere': signedBy(stranger.privateKey, { ...header, jku: 'https://evil.example/jwks.json' }, claims),
    'another installation issued it': elsewhere,
    'aud is another': ours({ aud: 'https://shop.example' }),
    'aud is missing': ours({ aud: undefined }),
    'aud is a list of others': ours({ aud: ['https://shop.example'] }),
    'aud is empty': ours({ aud: [] }),
    'iss is another': ours({ iss: 'https://evil.example' }),
    'iss is missing': ours({ iss: undefined }),
    'iss goes on': ours({ iss: 'https://login.example.com.evil.example' }),
    'it has expired': ours({ iat: now - 900, exp: now }),
    'exp is missing': ours({ exp: undefined }),
    'exp is a text': ours({ exp: String(now + 900) }),
    'exp is null': ours({ exp: null }),
    'exp is far away': ours({ exp: now + 10_000 }),
    'exp is beyond numbers': ours({ exp: 1e308 }),
    'it is not yet valid': ours({ nbf: now + 600 }),
    'nbf is a text': ours({ nbf: 'soon' }),
    'iat is a text': ours({ iat: 'now' }),
    'sid is unknown': ours({ sid: 'A'.repeat(22) }),
    'sid is no id': ours({ sid: 'x:y' }),
    'sid is missing': ours({ sid: undefined }),
    'sid is a list': ours({ sid: [claims.sid] }),
    'sub is somebody else': ours({ sub: 'A'.repeat(43) }),
    'sub is missing': ours({ sub: undefined }),
    'the payload is a list': signedBy(privatePem, header, [claims]),
    'the payload is a text': signedBy(privatePem, header, 'hello'),
    'the payload is null': signedBy(privatePem, header, null),
    'the payload is a number': signedBy(privatePem, header, 1),
    'the payload is empty': `${head}..${mac}`,
    'the payload was changed': `${head}.${base64url({ ...claims, amr: ['pwd'] })}.${mac}`,
    'the payload is no JSON': `${head}.${Buffer.from('{').toString('base64url')}.${mac}`,
    'the header is no JSON': `${Buffer.from('{').toString('base64url')}.${payload}.${mac}`,
    'the header is null': `${base64url(null)}.${payload}.${mac}`,
    'the header is a list': `${base64url([])}.${payload}.${mac}`,
    'the MAC is missing': `${head}.${payload}`,
    'the MAC is empty': `${head}.${payload}.`,
    'the MAC is zero': `${head}.${payload}.${Buffer.alloc(64).toString('base64url')}`,
    'the MAC is in DER': `${head}.${payload}.${der}`,
    'the MAC is cut': `${head}.${payload}.${mac.slice(0, -4)}`,
    'the MAC is no base64url': `${head}.${payload}.!!!!`,
    'there is a fourth part': `${token}.${mac}`,
    'there are five parts': `${head}.${mac}.${mac}.${payload}.${mac}`,
    'there is no dot': 'x',
    'there are only dots': '..',
    'it is huge': `${head}.${'A'.repeat(9000)}.${mac}`,
  }
  for (const [what, bad] of Object.entries(tokens)) {
    for (const path of ['/api/session', '/api/session/verify']) {
      const answer = await house.call({ path, headers: { authorization: `Bearer ${bad}` } })
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
  t.equal((await withBearer(house, token)).status, 200)
})
