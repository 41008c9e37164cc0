/** Strangers who try to fill the log: refusals are logged once and then counted. */
import t from 'tap'
import { startWechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { openBrowser, sign } from '../../support/clients.ts'
import { openTestService, type Call, type TestService } from '../../support/test-service.ts'
import { verdict } from '../../support/login.ts'
import { auditStepsIn } from '../../support/audit-steps.ts'

const linesOf = (service: TestService): Array<Record<string, unknown>> => service.logged().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
/** Returns the lines at `info` and above. */
const seenOf = (service: TestService) => linesOf(service).filter(({ level }) => Number(level) >= 30)

await t.test('log: thousands of calls with unknown keys and wrong signatures are logged once and then counted, and each gets its usual refusal', async (t) => {
  const writes: string[] = []
  const service = await openTestService(t, {
    wrapStore: (store) => new Proxy(store, {
      get: (target, name: keyof typeof store) => (...args: unknown[]) => {
        if (!['now', 'read', 'readMany', 'onChange'].includes(name)) writes.push(name)
        return (target[name] as (...args: unknown[]) => unknown)(...args)
      },
    }),
  })
  writes.length = 0
  const path = '/api/phone/sessions'
  const unknown = (n: number) => sign({ path }, { key_id: `unknown-${n}`, key: 'A'.repeat(43) }, { authority: 'login.example.com', created: Math.floor(service.clock.now() / 1000) })
  for (let n = 0; n < 1000; n++) t.equal(verdict(await service.call({ path, headers: unknown(n), from: '192.0.2.1' })), '401 key-unknown', 'the phone learns that it has to log in again')
  for (let n = 0; n < 100; n++) t.equal(verdict(await service.call({ path, from: '192.0.2.1' })), '401 signature-invalid')
  t.equal(verdict(await service.call({ path, headers: unknown(0), from: '192.0.2.2' })), '401 key-unknown')
  t.strictSame(writes, [], 'none costs a write')
  t.strictSame(auditStepsIn(service.logged()).map(({ code, ip }) => `${code} ${ip}`), ['key-unknown 192.0.2.1', 'signature-invalid 192.0.2.1', 'key-unknown 192.0.2.2'])
  t.ok(seenOf(service).length < 300, `${seenOf(service).length} lines`)
  service.clock.advance(60_000)
  t.strictSame(auditStepsIn(service.logged()).slice(3).map(({ code, client, repeated }) => [code, client, repeated]), [['key-unknown', '192.0.2.1', 999], ['signature-invalid', '192.0.2.1', 99]])
  t.hasStrict(linesOf(service).filter(({ msg }) => msg === 'further requests were logged at debug level'), [{ client: '192.0.2.0/24', repeated: 861, kind: 'refused' }])
})

await t.test('log: a flood of any public call causes a bounded number of lines, also from a whole network', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '5', LIMIT_CREATE: '5' } })
  const browser = await openBrowser(service, { from: '198.51.100.1' })
  const authorization = `Ticket ${browser.secret}`
  const calls: Call[] = [
    { path: '/wp-login.php' },
    { path: '/login' },
    { path: '/api/session' },
    { method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization } },
    { method: 'POST', path: '/api/tickets', headers: { origin: 'https://evil.example' } },
    { method: 'POST', path: '/api/tickets', body: { return_to: '//evil.example' } },
    { method: 'DELETE', path: '/api/session', headers: { origin: 'https://evil.example' } },
  ]
  for (const call of calls) {
    for (let n = 0; n < 1000; n++) await service.call({ ...call, from: `2001:db8:1:${n.toString(16)}::1` })
  }
  // 1,000 pages in full; the refusals of a network, and those of each kind for as many clients as are remembered.
  t.ok(seenOf(service).length < 2500, `${seenOf(service).length} lines of ${7 * 1000} calls`)
  t.equal(linesOf(service).filter(({ msg }) => msg === 'answered').length, 7001, 'all are logged at debug level')
})

await t.test('js_codes: the log says once an hour what to compare when the mini program has another AppID, and nothing more once somebody has logged in', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '1000' } })
  const elsewhere = await startWechatSimulator({ clock: service.clock })
  t.teardown(() => elsewhere.close())
  const logIn = async (jsCode: string): Promise<string> => verdict(await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: jsCode }, from: '192.0.2.1' }))
  const warnings = () => linesOf(service).filter(({ code, level }) => code === 'js-codes-refused' && level === 40)
  const refuse = async (): Promise<void> => { t.equal(await logIn(elsewhere.jsCode('Ada')), '401 js-code-invalid', 'the other mini program\'s is refused') }
  for (let phone = 0; phone < 2; phone++) await refuse()
  t.strictSame(warnings(), [], 'one phone tries twice')
  for (let phone = 0; phone < 30; phone++) await refuse()
  t.match(warnings(), [{ appid: service.simulator.appid, refused: 3, msg: /compare WECHAT_APPID with the AppID in the mini program's project\.config\.json/ }])
  t.equal(warnings().length, 1)
  service.clock.advance(3_600_000)
  await refuse()
  t.equal(warnings().length, 2)
  t.equal(await logIn(service.simulator.jsCode('Ada')), '200')
  service.clock.advance(3_600_000)
  for (let phone = 0; phone < 10; phone++) await refuse()
  t.equal(warnings().length, 2, 'the AppID is right: these are made up')
})

await t.test('X-Forwarded-For: the log says once an hour what to set, without the header\'s value, when an untrusted peer sends it', async (t) => {
  const service = await openTestService(t, { env: { TRUST_PROXY: '10.0.0.0/8,2001:db8::/64' } })
  const warnings = () => linesOf(service).filter(({ msg }) => /TRUST_PROXY/.test(String(msg)))
  const ask = (from: string, headers: Record<string, string>) => service.call({ path: '/login', from, headers })
  await ask('10.1.2.3', { 'x-forwarded-for': '203.0.113.5' })
  await ask('::ffff:10.1.2.3', { forwarded: 'for=203.0.113.5' })
  await ask('2001:db8::7', { 'x-forwarded-for': '203.0.113.5' })
  await ask('192.0.2.1', {})
  t.strictSame(warnings(), [])
  for (let n = 0; n < 50; n++) await ask('172.17.0.1', { 'x-forwarded-for': 'made-up <script>', forwarded: 'for=made-up' })
  await ask('172.17.0.2', { 'x-forwarded-for': 'made-up' })
  t.match(warnings(), [{ level: 40, code: 'proxy-untrusted', peer: '172.17.0.1', msg: /set TRUST_PROXY=172\.17\.0\.1;/ }])
  t.equal(warnings().length, 1)
  t.notMatch(service.logged(), /made-up/)
  service.clock.shiftWallClock(86_400_000)
  await ask('172.17.0.2', { forwarded: 'for=made-up' })
  t.equal(warnings().length, 1, 'an hour of steady time, not of a changed clock')
  service.clock.advance(3_600_000)
  await ask('2001:db8:0:1::7', { forwarded: 'for=made-up' })
  t.match(warnings()[1], { msg: /set TRUST_PROXY=2001:db8:0:1::7;/ })
})
