// The demo's routes: files, policy, js_codes.
import { posix } from 'node:path'
import t from 'tap'
import Fastify from 'fastify'
import type { DemoAdmission } from '../../src/demo/demo-people.ts'
import { demoPlugin } from '../../src/demo/demo-plugin.ts'

const serviceUrl = 'http://localhost:3000/login'
const people: string[] = []
const admission: DemoAdmission = { registration: 'open' }
const app = Fastify()
app.addHook('onRequest', async (_request, reply) => { reply.header('Content-Security-Policy', "default-src 'self'") })
await app.register(demoPlugin, {
  prefix: '/login',
  wechat: { jsCode: (person: string) => `js-code-of-${people.push(person)}` },
  admission,
  serviceUrl,
})
app.get('/elsewhere', async () => 'another page')

const jsCode = (payload: unknown) => app.inject({
  method: 'POST',
  url: '/login/demo/js-code',
  headers: { 'content-type': 'application/json' },
  payload: JSON.stringify(payload),
})

await t.test('demo: it is redirected to PUBLIC_URL when it is opened by another loopback name', async (t) => {
  const at = async (host: string) => {
    const reply = await app.inject({ url: '/login/demo?lang=en', headers: { host } })
    return reply.headers.location ?? reply.statusCode
  }
  for (const host of ['127.0.0.1:3000', '[::1]:3000']) t.equal(await at(host), 'http://localhost:3000/login/demo?lang=en', host)
  for (const host of ['localhost:3000', '127.0.0.1:8080', 'example.com:3000', 'localhost']) t.equal(await at(host), 200, host)
})

await t.test('demo: pages, styles and scripts have their type and policy when it is registered under a prefix', async (t) => {
  for (const [path, type] of [
    ['/demo', 'text/html'], ['/demo/phone', 'text/html'], ['/demo/demo.css', 'text/css'], ['/demo/phone.css', 'text/css'],
    ['/demo/demo.js', 'text/javascript'], ['/demo/phone.js', 'text/javascript'],
    ['/demo/phone/app', 'text/html'], ['/demo/app/runtime.js', 'text/javascript'], ['/demo/app/runtime.css', 'text/css'],
    ['/demo/app/project.json', 'application/json'], ['/demo/app/templates.js', 'text/javascript'],
    ['/demo/app/app.js', 'text/javascript'], ['/demo/app/app.css', 'text/css'],
    ['/demo/app/pages/login/login.js', 'text/javascript'], ['/demo/app/pages/login/login.css', 'text/css'],
  ] as const) {
    const reply = await app.inject(`/login${path}`)
    t.equal(reply.statusCode, 200, path)
    t.equal(reply.headers['content-type'], `${type}; charset=utf-8`, path)
    const policy = String(reply.headers['content-security-policy']).split('; ')
    for (const rule of ["script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-src 'self'", "frame-ancestors 'self'"]) t.ok(policy.includes(rule), `${path}: ${rule}`)
    t.notMatch(String(policy), /unsafe/)
    t.equal(reply.headers['cache-control'], 'no-cache', path)
    t.equal(reply.headers['x-content-type-options'], 'nosniff', path)
  }
})

await t.test("demo: every imported file is served, one of them with the service's address, when the mini program is loaded", async (t) => {
  const found = new Map<string, string>()
  const follow = async (path: string): Promise<void> => {
    if (found.has(path)) return
    const { statusCode, body } = await app.inject(`/login/demo/app/${path}`)
    t.equal(statusCode, 200, path)
    found.set(path, body)
    for (const [, reference = ''] of body.matchAll(/\bfrom "(\.[^"]+)"/g)) await follow(posix.join(posix.dirname(path), reference))
  }
  await follow('app.js')
  for (const page of (await app.inject('/login/demo/app/project.json')).json().modules) await follow(`${page}.js`)
  t.ok([...found.keys()].some((path) => path.startsWith('chunk-')))
  t.ok([...found.values()].some((body) => body.includes(JSON.stringify(serviceUrl))))
})

await t.test('demo: it is answered 404 when no such file was compiled', async (t) => {
  for (const path of ['', 'nothing.js', 'app.ts', 'pages/login/login.wxml', '../phone/app.html', '..%2f..%2fphone.css', 'project.config.json']) {
    t.equal((await app.inject(`/login/demo/app/${path}`)).statusCode, 404, path)
  }
})

await t.test('demo: no inline script or style and only relative URLs are in a page when it is served under a prefix', async (t) => {
  for (const path of ['/demo', '/demo/phone', '/demo/phone/app']) {
    const { body } = await app.inject(`/login${path}`)
    t.notMatch(body, /<script>|<style|\sstyle=|\son\w+=|javascript:/, path)
    t.notMatch(body, /(?:src|href)="(?:\/|https?:)/, path)
  }
})

await t.test("demo: another page's policy stays when the demo sets its own", async (t) => {
  t.equal((await app.inject('/elsewhere')).headers['content-security-policy'], "default-src 'self'")
})

await t.test('demo: a js_code is made when a person is named', async (t) => {
  people.length = 0
  for (const person of ['a', '小明', 'x'.repeat(32)]) {
    const reply = await jsCode({ person })
    t.equal(reply.statusCode, 200)
    t.strictSame(reply.json(), { js_code: `js-code-of-${people.length}` })
    t.equal(reply.headers['cache-control'], 'no-store')
    t.equal(people.at(-1), person)
  }
})

await t.test('demo: it is answered 400, without a js_code, when no person is named', async (t) => {
  people.length = 0
  for (const body of [{}, { person: '' }, { person: 'x'.repeat(33) }, { person: null }, { person: {} }, [], 'Mei', null]) {
    t.equal((await jsCode(body)).statusCode, 400, JSON.stringify(body))
  }
  t.strictSame(people, [])
})

await t.test('demo: REGISTRATION is switched by its own page, to a value that there is', async (t) => {
  const put = async (payload: unknown, headers: Record<string, string> = {}) => (await app.inject({ method: 'PUT', url: '/login/demo/registration', headers: { 'content-type': 'application/json', ...headers }, payload: JSON.stringify(payload) })).statusCode
  const shown = async () => (await app.inject('/login/demo/registration')).json()
  t.strictSame(await shown(), { registration: 'open' })
  t.equal(await put({ registration: 'approval' }), 200)
  t.strictSame([await shown(), admission.registration], [{ registration: 'approval' }, 'approval'])
  for (const body of [{}, { registration: 'on' }, { registration: null }, 'closed', null]) t.equal(await put(body), 400, JSON.stringify(body))
  t.not(await put({ registration: 'closed' }, { origin: 'https://example.com' }), 200, 'another site\'s page')
  t.strictSame(await shown(), { registration: 'approval' })
})
