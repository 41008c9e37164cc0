/** Forged headers: a client's claims about host, scheme, prefix or address change no URL, cookie, token, limit, or text on a phone. */
import t, { type Test } from 'tap'
import { openBrowser, openPhone, type Service } from '../support/clients.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { cookieOf } from '../support/login.ts'

const lies: Readonly<Record<string, string>> = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '81',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil.example',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  'x-real-ip': '198.51.100.66',
  'true-client-ip': '198.51.100.66',
  'cf-connecting-ip': '198.51.100.66',
  'x-client-ip': '198.51.100.66',
  forwarded: 'for=198.51.100.66;host=evil.example;proto=http',
}

/** Runs a login with these headers on every call, and returns all that is answered, without what differs each time. */
const loginWith = async (service: TestService, headers: Readonly<Record<string, string>>, from: string): Promise<unknown> => {
  const answers: Answer[] = []
  const caller: Service = {
    call: async (call) => {
      const answer = await service.call({ from, ...call, headers: { ...call.headers, ...headers } })
      answers.push(answer)
      return answer
    },
  }
  const browser = await openBrowser(caller)
  const phone = await openPhone(caller, { jsCode: service.simulator.jsCode('ming'), now: () => service.clock.now() })
  const scanned = (await phone.scan(browser.ticket)).json
  await phone.confirm(browser.ticket, await browser.matchCode())
  const consumed = await browser.consume()
  const [head = '', claims = ''] = String(consumed.json.access_token).split('.').map((part) => Buffer.from(part, 'base64url').toString())
  const { jti, sid, ...stable } = JSON.parse(claims)
  const me = (await caller.call({ path: '/api/session', headers: { cookie: cookieOf(consumed) } })).json
  const pages = await Promise.all(['/', '/login', '/me', '/openapi.json', '/.well-known/jwks.json', '/nothing'].map((path) => caller.call({ path })))
  const link = await caller.call({ path: `/api/tickets/${(await openBrowser(caller)).ticket}/link` })
  return {
    codeUrl: String(browser.created.json.code_url).replace(browser.ticket, 'ticket'),
    linkUrl: String(browser.created.json.link_url).replace(browser.ticket, 'ticket'),
    link: [link.status, new URL(String(link.headers.location)).origin],
    site: scanned.site,
    scanned: scanned.browser,
    browser: me.session.browser,
    token: { head: JSON.parse(head), claims: stable },
    cookie: String(consumed.headers['set-cookie']).replace(/=[^;]+/, ''),
    pages: pages.map(({ status, headers: { date, ...of }, text }) => ({ status, of, text: text.replace(/"request_id":"[^"]+"/, '') })),
    evil: answers.filter(({ headers, text }) => /evil|198\.51/.test(text + JSON.stringify(headers))).length,
  }
}

for (const [what, env] of [['nobody is trusted', {}], ['a proxy is trusted', { TRUST_PROXY: '10.0.0.0/8' }]] as const) {
  await t.test(`forged: a login is answered exactly alike when every header is forged and ${what}`, async (t) => {
    const service = await openTestService(t, { env: { ...env, WECHAT_URL_LINK: 'on' } })
    const honest = await loginWith(service, {}, '192.0.2.7')
    t.hasStrict(honest, { evil: 0, browser: { ip: '192.0.2.7' }, site: { origin: 'https://login.example.com' } })
    t.strictSame(await loginWith(service, { ...lies, 'x-forwarded-for': '198.51.100.66' }, '192.0.2.7'), honest, 'forged by a visitor')
    const proxied = await loginWith(service, { 'x-forwarded-for': '192.0.2.7' }, '10.0.0.1')
    t.strictSame(await loginWith(service, { ...lies, 'x-forwarded-for': '198.51.100.66, 192.0.2.7' }, '10.0.0.1'), proxied, 'forwarded by a proxy, which adds the visitor\'s address')
    if ('TRUST_PROXY' in env) t.strictSame(proxied, honest, 'and the proxy makes no difference')
  })
}

const addressShown = async (t: Test, forwarded: string, from = '10.0.0.1'): Promise<string> => {
  const service = await openTestService(t, { env: { TRUST_PROXY: '10.0.0.0/8' } })
  const caller: Service = { call: (call) => service.call({ from, ...call, headers: { ...call.headers, 'x-forwarded-for': forwarded } }) }
  const browser = await openBrowser(caller)
  const phone = await openPhone(service, { jsCode: service.simulator.jsCode('ming'), now: () => service.clock.now() })
  await phone.scan(browser.ticket)
  await phone.confirm(browser.ticket, await browser.matchCode())
  await browser.consume()
  return (await phone.sessions()).json.sessions[0].browser.ip
}

await t.test('forged: a phone shows an address and no text of a visitor\'s when a trusted proxy forwards something else', async (t) => {
  for (const text of ['Your bank', '<b>1.2.3.4</b>', '1.2.3.4:', '1.2.3.4:http', '1.2.3.4:123456', '1.2.3.4:80:80', '[1.2.3.4]:80', '[2001:db8::1', '2001:db8::1]:80', '[2001:db8::1]80', '[2001:db8::1]:80 x', '[[2001:db8::1]]', '"1.2.3.4', '1.2.3.4"', '""1.2.3.4""', '"', '[]', '[:]:80',
    '[Your bank:]:80', '"Your bank"', 'unknown', '999.1.1.1', ',,,', ' ', '203.0.113.5 Your bank']) t.equal(await addressShown(t, text), '10.0.0.1', text)
  t.equal(await addressShown(t, 'Your bank, 203.0.113.5'), '203.0.113.5')
  t.equal(await addressShown(t, 'Your bank, 203.0.113.5:80'), '203.0.113.5')
  t.equal(await addressShown(t, '198.51.100.66:80, Your bank:80, 10.0.0.2:80'), '10.0.0.2')
  t.equal(await addressShown(t, 'fe80::1%Your-bank'), 'fe80::1')
  t.equal(await addressShown(t, '[fe80::1%Your-bank]:80'), 'fe80::1')
  t.equal(await addressShown(t, '::ffff:203.0.113.5'), '203.0.113.5')
  t.equal(await addressShown(t, '203.0.113.5', '::ffff:10.0.0.1'), '203.0.113.5')
})

await t.test('forged: nobody gets more tries when a trusted proxy forwards something other than an address', async (t) => {
  const service = await openTestService(t, { env: { TRUST_PROXY: '10.0.0.0/8', LIMIT_CREATE: '3' } })
  const statuses = []
  for (let i = 0; i < 5; i++) statuses.push((await service.call({ method: 'POST', path: '/api/tickets', from: '10.0.0.1', headers: { 'x-forwarded-for': `visitor ${i}` } })).status)
  t.strictSame(statuses, [201, 201, 201, 429, 429])
})
