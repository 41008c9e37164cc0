/** What every sample backend of the element must do, with a real service, its keys over HTTP, a real Chromium and the demo's phone. */
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { calculateJwkThumbprint, importJWK, SignJWT, type JWK, type JWTPayload } from 'jose'
import type { Browser } from 'playwright-core'
import type { Test } from 'tap'
import type { StoredKeys } from '../../src/sessions/key-set.ts'
import { openPhone } from './clients.ts'
import { openWindow, serveDemo } from './demo-window.ts'
import { listen } from './listen.ts'
import { freePort } from './redis.ts'
import { remote } from './remote.ts'
import { makeFolder, run } from './service-process.ts'

export interface SampleWebsite {
  /** Relative to the repository. */
  readonly script: string
  /** Runs it, in place of Node.js. */
  readonly program?: string
  /** Preloads the clock that jumps ahead at SIGUSR2. */
  readonly clock: Readonly<Record<string, string>>
}

/** Runs the website beside a service that allows its origin, and another. `serviceUrl` replaces the service's. */
export const openWebsite = async (t: Test, { script, program, clock }: SampleWebsite, { serviceUrl }: { serviceUrl?: string } = {}) => {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const other = 'http://localhost:9'
  const keysFile = join(makeFolder(t), 'keys.json')
  const service = await serveDemo(t, { ALLOWED_ORIGINS: `${url},${other}`, KEYS_FILE: keysFile })
  const website = run(t, { script, program, folder: makeFolder(t), env: { SITE_ORIGIN: `${url}/`, SERVICE_URL: `${serviceUrl ?? service.url}/`, PORT: String(port), ...clock } }) // with slashes, as people copy addresses
  const site = remote(`http://127.0.0.1:${port}`)
  const api = remote(service.url)
  t.teardown(() => Promise.all([site.close(), api.close()]))
  while (await site.call({ path: '/' }).catch(() => undefined) === undefined) {
    const ending = await Promise.race([website.ended, sleep(50)])
    if (ending !== undefined) throw new Error(`the website ended: ${ending.stderr}`)
  }

  const [jwk] = (JSON.parse(readFileSync(keysFile, 'utf8')) as StoredKeys).signing as [JWK] // a new file has one
  const kid = await calculateJwkThumbprint(jwk)
  const claims = (): JWTPayload => {
    const now = Math.floor(Date.now() / 1000)
    return { iss: service.url, aud: url, sub: 'somebody', iat: now, exp: now + 600, jti: randomBytes(16).toString('base64url'), sid: 'session', auth_time: now, amr: ['wechat'] }
  }
  /** Signs with the service's own key. A claim that is undefined is left out. */
  const sign = async (changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key: JWK = jwk): Promise<string> =>
    await new SignJWT(JSON.parse(JSON.stringify({ ...claims(), ...changes })) as JWTPayload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header }).sign(await importJWK(key, 'ES256'))
  /** Makes a token of a kind that jose refuses to make. */
  const compose = (header: Record<string, unknown>, signature: (input: string) => string): string => {
    const input = [{ typ: 'at+jwt', kid, ...header }, claims()].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${input}.${signature(input)}`
  }
  const logIn = (token: string, headers: Record<string, string> = {}) => site.call({ method: 'POST', path: '/session', headers: { origin: url, authorization: `Bearer ${token}`, ...headers } })
  const who = async (cookie: string): Promise<unknown> => (await site.call({ path: '/session', headers: { cookie } })).json?.sub

  /** Has a person log in at an allowed origin, as the element does, and returns the token. */
  const loginAt = async (origin: string): Promise<string> => {
    const { ticket, secret } = (await api.call({ method: 'POST', path: '/api/tickets', headers: { origin } })).json
    const phone = await openPhone(api, { jsCode: service.simulator.jsCode('ming'), authority: new URL(service.url).host })
    await phone.scan(ticket)
    const headers = { origin, authorization: `Ticket ${secret}` }
    await phone.confirm(ticket, (await api.call({ path: `/api/tickets/${ticket}`, headers })).json.match_code)
    return (await api.call({ method: 'POST', path: `/api/tickets/${ticket}/consume`, headers })).json.access_token
  }
  const skipMinute = async (): Promise<void> => {
    const before = website.stdout().split('skipped').length
    website.kill('SIGUSR2')
    while (website.stdout().split('skipped').length === before) await sleep(10)
  }
  return { url, other, service, site, jwk, sign, compose, logIn, who, loginAt, skipMinute }
}

const cookieIn = (answer: { readonly headers: Record<string, unknown> }): string => String(answer.headers['set-cookie']).split(';')[0] ?? ''

/** Runs the suite. `name` is what tests call the website. */
export const testSampleWebsite = async (t: Test, name: string, sample: SampleWebsite, chromium: Browser): Promise<void> => {
  await t.test(`${name}: a visitor who scans is logged in on the website's own session, and out again, when they log out there`, async (t) => {
    const { url, service, who, logIn } = await openWebsite(t, sample)
    const window = await openWindow(t, chromium, service.url)
    const page = await window.page.context().newPage()
    const tokens: string[] = []
    page.on('request', (request) => { if (request.method() === 'POST' && request.url() === `${url}/session`) tokens.push((request.headers().authorization ?? '').replace('Bearer ', '')) })
    await page.goto(`${url}/?from=a-link`)
    await page.locator('scan-login .code-image').waitFor()
    const phone = await window.openPhone('Kim')
    await phone.scanPicture(await page.screenshot())
    await phone.says(new URL(url).host)
    await phone.button('It\'s me').click() // a picture may have come from anybody, so the phone asks first
    await phone.button(await page.locator('scan-login .layer:not(.leaving) .number').innerText()).click()
    const line = page.getByText(/You are logged in on this website: [\w-]{43}$/)
    await line.waitFor()
    const sub = (await line.innerText()).slice(-43)
    await page.reload()
    await line.waitFor()

    const [cookie] = (await page.context().cookies(url)).filter(({ name }) => name === 'website')
    t.hasStrict(cookie, { httpOnly: true, sameSite: 'Lax', path: '/' })
    t.match(cookie?.value, /^[\w-]{43}$/)
    const old = `website=${cookie?.value}`
    t.equal(await who(old), sub)
    t.equal(tokens.length, 1)
    t.equal((await logIn(tokens[0] ?? '')).status, 401, 'the token again')
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.locator('scan-login .code-image').waitFor()
    t.equal(await who(old), undefined, 'the session has ended, not the cookie alone')
  })

  await t.test(`${name}: a token opens one session, with a new id each, when it comes eight times at once, and from a browser that has a session`, async (t) => {
    const { url, sign, logIn, who, loginAt } = await openWebsite(t, sample)
    const real = await loginAt(url)
    const answers = await Promise.all(Array.from({ length: 8 }, () => logIn(real)))
    t.strictSame(answers.map(({ status }) => status).sort(), [204, 401, 401, 401, 401, 401, 401, 401])
    const first = cookieIn(answers.find(({ status }) => status === 204) ?? { headers: {} })
    const again = await logIn(await sign({ sub: 'another' }), { cookie: first })
    t.equal(again.status, 204)
    t.not(cookieIn(again), first)
    t.strictSame([await who(cookieIn(again)), await who(first)], ['another', undefined], 'the session before has ended')
    const chosen = `website=${'A'.repeat(43)}`
    t.not(cookieIn(await logIn(await sign(), { cookie: chosen })), chosen)
    t.equal(await who(chosen), undefined, 'an id that somebody else chose')
  })

  await t.test(`${name}: nobody is logged in when the token is for another site, from another service, expired, of another kind, or signed by anybody else`, async (t) => {
    const { url, other, service, jwk, sign, compose, logIn, loginAt } = await openWebsite(t, sample)
    const now = Math.floor(Date.now() / 1000)
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicPem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
    const hmac = (key: string | Buffer) => (input: string): string => createHmac('sha256', key).update(input).digest('base64url')
    const good = await sign()
    const [head = '', body = '', signature = ''] = good.split('.')
    const bad: Record<string, string> = {
      'a real one of another site': await loginAt(other),
      'for the service itself': await sign({ aud: service.url }),
      'for a site whose name begins like this one': await sign({ aud: `${url}0` }),
      'without aud': await sign({ aud: undefined }),
      'of another issuer': await sign({ iss: 'http://localhost:9' }),
      'of the issuer with a slash': await sign({ iss: `${service.url}/` }),
      'without iss': await sign({ iss: undefined }),
      expired: await sign({ iat: now - 900, exp: now - 10 }),
      'without exp': await sign({ exp: undefined }),
      'without jti': await sign({ jti: undefined }),
      'without sub': await sign({ sub: undefined }),
      'an ID token': await sign({}, { typ: 'JWT' }),
      'without typ': await sign({}, { typ: undefined }),
      'alg none': compose({ alg: 'none' }, () => ''),
      'alg none with a signature': compose({ alg: 'none' }, () => signature),
      'HS256 with the public key as PEM': compose({ alg: 'HS256' }, hmac(publicPem)),
      'HS256 with the public key as JWK': compose({ alg: 'HS256' }, hmac(JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }))),
      'HS256 with nothing': compose({ alg: 'HS256' }, hmac('')),
      'somebody else\'s key under our kid': await sign({}, {}, stranger.privateKey.export({ format: 'jwk' }) as JWK),
      'a key in the header': await sign({}, { jwk: stranger.publicKey.export({ format: 'jwk' }) }, stranger.privateKey.export({ format: 'jwk' }) as JWK),
      'an unknown kid': await sign({}, { kid: 'unknown' }),
      'without kid': await sign({}, { kid: undefined }, stranger.privateKey.export({ format: 'jwk' }) as JWK),
      'kid no text': compose({ alg: 'ES256', kid: { a: 1 } }, () => signature),
      'without signature': `${head}.${body}.`,
      'other claims under the signature': `${head}.${Buffer.from(JSON.stringify({ sub: 'x' })).toString('base64url')}.${signature}`,
      nothing: '',
      'no token': 'a.b.c',
      'nested deeply': `${Buffer.from('['.repeat(3000)).toString('base64url')}.e30.AA`,
    }
    for (const [what, token] of Object.entries(bad)) {
      const answer = await logIn(token)
      t.strictSame([answer.status, answer.headers['set-cookie']], [401, undefined], what)
    }
    t.equal((await logIn(good)).status, 204, 'and a good one is')
  })

  await t.test(`${name}: nobody is logged in or out when another site's page asks`, async (t) => {
    const { url, site, sign, logIn, who } = await openWebsite(t, sample)
    const token = await sign({ sub: 'mallory' })
    for (const origin of ['http://localhost:9', `${url}.evil.example`, url.replace('localhost', '127.0.0.1'), 'null', '']) {
      t.equal((await logIn(token, { origin })).status, 403, origin)
    }
    t.equal((await site.call({ method: 'POST', path: '/session', headers: { authorization: `Bearer ${token}` } })).status, 403, 'no origin')
    const cookie = cookieIn(await logIn(await sign({ sub: 'victim' })))
    t.equal((await site.call({ method: 'DELETE', path: '/session', headers: { cookie, origin: 'http://localhost:9' } })).status, 403)
    t.equal(await who(cookie), 'victim')

    // In the browser of somebody who is logged in: `localhost` with another port is the same site, so SameSite alone would let these calls through.
    const evil = (await listen(t, createServer((_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Evil</title>') }))).replace('127.0.0.1', 'localhost')
    const context = await chromium.newContext()
    t.teardown(() => context.close())
    await context.addCookies([{ name: 'website', value: cookie.replace('website=', ''), url, httpOnly: true, sameSite: 'Lax' }])
    const page = await context.newPage()
    await page.goto(evil)
    await page.evaluate(async ([url, token]) => {
      const attempts: RequestInit[] = [
        { method: 'POST', headers: { authorization: `Bearer ${token}` }, credentials: 'include' },
        { method: 'POST', headers: { authorization: `Bearer ${token}` }, credentials: 'include', mode: 'no-cors' },
        { method: 'DELETE', credentials: 'include' },
      ]
      for (const attempt of attempts) await fetch(`${url}/session`, attempt).catch(() => undefined)
    }, [url, token] as const)
    t.strictSame([await who(cookie), (await context.cookies(url)).map(({ value }) => value)], ['victim', [cookie.replace('website=', '')]])
    t.equal((await logIn(token)).status, 204, 'the token is still good: nobody has used it')
  })

  await t.test(`${name}: the keys are fetched once, and once again after a while, when tokens name unknown keys`, async (t) => {
    const { service, sign, logIn, skipMinute } = await openWebsite(t, sample)
    const fetched = () => service.received(/jwks\.json/).length
    const guess = async () => { for (let n = 0; n < 20; n++) await logIn(await sign({}, { kid: `unknown-${n}` })) }
    t.equal((await logIn(await sign())).status, 204)
    t.equal(fetched(), 1)
    await guess()
    t.equal(fetched(), 0)
    await skipMinute()
    await guess()
    t.equal(fetched(), 1)
    t.equal((await logIn(await sign())).status, 204, 'the known key stays')
  })

  await t.test(`${name}: the answer is 503, and nobody is logged in, when the service can't be reached`, async (t) => {
    const { sign, logIn } = await openWebsite(t, sample, { serviceUrl: `http://localhost:${await freePort()}` })
    const answer = await logIn(await sign())
    t.strictSame([answer.status, answer.headers['set-cookie']], [503, undefined])
  })
}
