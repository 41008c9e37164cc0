/** Attacks on the demo, in which anybody can log in as anybody: a web page that reaches it by DNS rebinding or across origins, and the settings of a real service in the shell. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { settingNames } from '../../../src/config.ts'
import { demoEnvironment } from '../../../src/demo/environment.ts'
import { chromiumOptions, launchChromium } from '../../support/chromium.ts'
import { serveDemo } from '../../support/demo-window.ts'
import type { Call } from '../../support/test-service.ts'
import { verdict } from '../../support/login.ts'
import { makeFolder, run } from '../../support/service-process.ts'
import { freePort } from '../../support/redis.ts'
import { remote } from '../../support/remote.ts'

/** Every kind of path: pages, files, calls, health, unknown ones, and ones without a handler. */
const calls: readonly Call[] = [
  ...['/', '/login', '/me', '/scan-login.js', '/demo', '/demo/phone', '/demo/phone/app', '/demo/from/far/login', '/demo/from/near/api/session', '/demo/app/runtime.js', '/demo/app/project.json', '/api/session', '/.well-known/jwks.json', '/health/live', '/health/ready', '/openapi.json', '/nothing']
    .map((path): Call => ({ path })),
  { method: 'POST', path: '/demo/js-code', body: { person: 'ming' } },
  { method: 'POST', path: '/api/tickets' },
  { method: 'POST', path: '/demo/from/far/api/tickets' },
  { method: 'POST', path: '/api/phone/login', body: { js_code: 'x' } },
  { method: 'OPTIONS', path: '/api/tickets', headers: { origin: 'https://shop.example', 'access-control-request-method': 'POST' } },
]

await t.test('demo: every call is refused when its Host is no name of this machine, as after DNS rebinding', async (t) => {
  const demo = await serveDemo(t)
  const { host, port } = new URL(demo.url)
  const wire = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => wire.close())
  for (const call of calls) {
    t.not((await wire.call({ ...call, headers: { ...call.headers, host } })).json?.detail, 'This service answers to another host name', `${call.path} as itself`)
    for (const name of [`evil.example:${port}`, 'evil.example', `localhost.evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `localhost:${port}.evil.example`]) {
      const answer = await wire.call({ ...call, headers: { ...call.headers, host: name, 'x-forwarded-host': host, forwarded: `host=${host}` } })
      t.equal(`${verdict(answer)} ${answer.json?.detail}`, '400 bad-request This service answers to another host name', `${call.method ?? 'GET'} ${call.path} at ${name}`)
    }
  }
  for (const name of ['localhost:1', 'localhost', '127.0.0.1', `0.0.0.0:${port}`, `127.0.0.2:${port}`]) t.equal(verdict(await wire.call({ path: '/demo/phone', headers: { host: name } })), '400 bad-request', name)
  for (const name of [`localhost:${port}`, `LocalHost:${port}`]) t.equal((await wire.call({ path: '/demo/phone', headers: { host: name } })).status, 200, name)
  for (const name of [`127.0.0.1:${port}`, `[::1]:${port}`]) t.equal((await wire.call({ path: '/demo/phone', headers: { host: name } })).headers.location, `${demo.url}/demo/phone`, name)
})

await t.test('demo: a page of another origin gets no js_code', async (t) => {
  const demo = await serveDemo(t)
  const wire = remote(demo.url)
  t.teardown(() => wire.close())
  const ask = async (headers: Record<string, string>, body: unknown = { person: 'ming' }): Promise<string> => verdict(await wire.call({ method: 'POST', path: '/demo/js-code', body, headers }))
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: demo.url.replace('localhost', '127.0.0.1') }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'null', 'sec-fetch-site': 'cross-site' }]) {
    t.equal(await ask(headers), '403 cross-site', JSON.stringify(headers))
  }
  t.not(await ask({ 'content-type': 'text/plain' }, '{"person":"ming"}'), '200', 'a form can\'t send JSON')
  for (const headers of [{ origin: demo.url, 'sec-fetch-site': 'same-origin' }, {}]) t.equal(await ask(headers), '200', JSON.stringify(headers))
})

await t.test('demo: a page gets no js_code in a real browser when its name is rebound to this machine, or when it calls across origins', async (t) => {
  const demo = await serveDemo(t)
  const { port } = new URL(demo.url)
  const browser = await launchChromium({ args: [...chromiumOptions().args ?? [], '--host-resolver-rules=MAP evil.example 127.0.0.1'] })
  t.teardown(() => browser.close())
  const page = await (await browser.newContext({ bypassCSP: true })).newPage() // the lure is an error page of ours here; a real one would have no policy of ours
  const ask = (url: string, mode: string): Promise<string> => page.evaluate(async ([url, mode]) => {
    const body = JSON.stringify({ person: 'ming' })
    try {
      const response = await fetch(url ?? '', { method: 'POST', mode: mode as 'cors' | 'no-cors', body, ...(mode === 'no-cors' ? {} : { headers: { 'content-type': 'application/json' } }) })
      return `${response.type} ${response.status} ${await response.text()}`
    } catch {
      return 'refused'
    }
  }, [url, mode] as const)
  await page.goto(`http://evil.example:${port}/lure`)
  const rebound = await ask('/demo/js-code', 'cors')
  t.match(rebound, /^basic 400 /)
  t.notMatch(rebound, /js_code/)
  t.equal(await ask(`${demo.url}/demo/js-code`, 'cors'), 'refused', 'no answer is readable across origins')
  t.match(await ask(`${demo.url}/demo/js-code`, 'no-cors'), /^(?:opaque 0 $|refused$)/)
  await page.goto(`${demo.url}/lure`)
  t.match(await ask('/demo/js-code', 'cors'), /^basic 200 .*js_code/, 'its own page gets one')
})

await t.test('demo: the settings of a real service in the shell are ignored and named in one line', async (t) => {
  const folder = makeFolder(t)
  const port = await freePort()
  const demo = run(t, {
    script: 'src/demo/main.ts',
    folder,
    env: { PORT: String(port), STORE_URL: 'sqlite:real.db', KEYS_FILE: 'real.json', PUBLIC_URL: 'https://login.example.com', COOKIE_DOMAIN: 'example.com', TRUST_PROXY: '10.0.0.0/8', WECHAT_APPID: 'wxreal', ALLOWED_ORIGINS: 'https://shop.example', TICKET_TTL: '120' },
  })
  while (!demo.stdout().includes('/demo/phone')) {
    const ending = await Promise.race([demo.ended, sleep(20)])
    if (ending !== undefined) throw new Error(`the demo ended: ${ending.stderr}`)
  }
  const wire = remote(`http://localhost:${port}`)
  t.teardown(() => wire.close())
  t.equal((await wire.call({ method: 'POST', path: '/api/tickets' })).json.expires_in, 120, 'settings of its behaviour apply')
  t.match(demo.stdout(), `http://localhost:${port}/demo`)
  t.strictSame(readdirSync(folder), ['data'], 'no file of the real service is created')
  demo.kill('SIGINT')
  t.equal((await demo.ended).stderr, 'scan-login: the demo ignores these environment variables: ALLOWED_ORIGINS, COOKIE_DOMAIN, KEYS_FILE, PUBLIC_URL, STORE_URL, TRUST_PROXY, WECHAT_APPID. It has its own store, keys, address and simulated WeChat\n')
})

await t.test('demo environment: only settings of behaviour and variables that are no settings are kept, as values and as files', async (t) => {
  const all = Object.fromEntries(settingNames.map((name) => [name, 'x']))
  const { honoured, ignored } = demoEnvironment({ ...all, https_proxy: 'x', WECHAT_SECRET_FILE: 'x', STORE_URL_FILE: 'x', PATH: '/bin', TICKET_TLL: '1', HOST: '' })
  t.strictSame([...Object.keys(honoured), ...ignored].sort(), [...settingNames, 'https_proxy', 'WECHAT_SECRET_FILE', 'STORE_URL_FILE', 'PATH', 'TICKET_TLL'].filter((name) => name !== 'HOST').sort())
  for (const name of ['PUBLIC_URL', 'STORE_URL', 'STORE_URL_FILE', 'KEYS_FILE', 'WECHAT_APPID', 'WECHAT_SECRET', 'WECHAT_SECRET_FILE', 'WECHAT_API_URL', 'COOKIE_DOMAIN', 'TRUST_PROXY', 'TOKEN_AUDIENCE', 'ALLOWED_ORIGINS', 'HTTPS_PROXY', 'https_proxy']) t.ok(ignored.includes(name), name)
  for (const name of ['PATH', 'TICKET_TLL', 'PORT', 'MATCH_NUMBERS', 'LIMIT_CREATE', 'GEOIP_FILE']) t.ok(Object.hasOwn(honoured, name), name)
})
