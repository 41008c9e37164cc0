import t from 'tap'
import { isId } from '../../../src/domain/ids.ts'
import type { Session } from '../../../src/login/ports.ts'
import { audienceOf, claimsFor, verifyClaims } from '../../../src/sessions/access-token.ts'
import { seededBytes } from '../../support/seeded-random.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const issuer = { issuer: 'https://login.example.com', audience: 'https://www.example.com', sites: ['https://shop.example'] }
const start = Date.UTC(2026, 10, 23)
const session: Session = {
  id: 'AbCdEfGhIjKlMnOpQrStUg',
  sub: 'ming',
  browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1', place: null },
  createdAt: start - 60_500,
  lastSeenAt: start,
  expiresAt: start + 3_600_000,
  site: null,
}

await t.test('access token: it names its session, person, audience and times', async (t) => {
  const claims = claimsFor(session, [], issuer, createFakeClock(start + 999), seededBytes)
  t.ok(isId(claims.jti))
  t.strictSame({ ...claims, jti: '' }, {
    iss: 'https://login.example.com',
    aud: 'https://www.example.com',
    sub: 'ming',
    iat: start / 1000,
    exp: start / 1000 + 900,
    jti: '',
    sid: session.id,
    auth_time: start / 1000 - 61,
    amr: ['wechat'],
  })
})

await t.test('access token: it names the groups when its person is in any', async (t) => {
  t.strictSame(claimsFor(session, ['staff', 'editors'], issuer, createFakeClock(start), seededBytes).groups, ['staff', 'editors'])
})

await t.test('access token: its audience is the other site when its session is for one', async (t) => {
  t.equal(audienceOf({ ...session, site: 'https://shop.example' }, issuer), 'https://shop.example')
  t.equal(audienceOf(session, issuer), 'https://www.example.com')
})

await t.test('access token: it ends with its session when that ends sooner', async (t) => {
  t.equal(claimsFor({ ...session, expiresAt: start + 899_999 }, [], issuer, createFakeClock(start), seededBytes).exp, start / 1000 + 899)
})

const now = start / 1000
const good = { iss: issuer.issuer, aud: issuer.audience, sub: 'ming', sid: session.id, jti: 'x', iat: now, exp: now + 900, auth_time: now, amr: ['wechat'] }

await t.test('access token: accepted when its claims are as this service makes them', async (t) => {
  const accepted = (claims: object) => verifyClaims({ ...good, ...claims }, issuer, createFakeClock(start))
  t.strictSame(accepted({}), { sid: session.id, sub: 'ming', aud: 'https://www.example.com' })
  t.strictSame(accepted({ aud: 'https://shop.example' })?.aud, 'https://shop.example')
  for (const claims of [{ iat: now - 899, exp: now + 1 }, { iat: now + 60, exp: now + 960 }, { exp: now + 1 }, { more: 1 }]) t.ok(accepted(claims), JSON.stringify(claims))
})

await t.test('access token: refused when a claim is different, missing or of another type, or its time is over or too far ahead', async (t) => {
  const wrong: object[] = [
    { iss: 'https://evil.example' }, { aud: 'https://evil.example' }, { aud: [issuer.audience] }, { sub: 1 }, { sid: 1 }, { jti: 1 },
    { iat: String(now) }, { iat: now + 0.5 }, { exp: String(now + 900) }, { exp: now + 0.5 }, { auth_time: null }, { auth_time: 1.5 },
    { amr: 'wechat' }, { amr: [] }, { amr: ['wechat', 'pwd'] }, { amr: ['pwd'] },
    { exp: now, iat: now - 10 }, { exp: now + 901 }, { iat: now + 61, exp: now + 70 }, { iat: now - 901, exp: now + 0 },
    ...Object.keys(good).map((claim) => ({ [claim]: undefined })),
  ]
  for (const claims of wrong) t.equal(verifyClaims({ ...good, ...claims }, issuer, createFakeClock(start)), undefined, JSON.stringify(claims))
  t.equal(verifyClaims(good, issuer, createFakeClock(start + 900_000 - 1))?.sub, 'ming')
  t.equal(verifyClaims(good, issuer, createFakeClock(start + 900_000)), undefined)
})
