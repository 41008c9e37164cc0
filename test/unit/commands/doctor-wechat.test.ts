/** What the doctor says of WeChat, with each fault put into the simulator or on the way to it. */
import { readFileSync } from 'node:fs'
import { createServer, request as callThrough } from 'node:http'
import { connect } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t, { type Test } from 'tap'
import { checkWechat } from '../../../src/commands/doctor/check-wechat.ts'
import type { FaultCode } from '../../../src/commands/doctor/fault-codes.ts'
import { startWechatSimulator, type Endpoint, type Fault, type WechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { faultCodesIn, faultsIn, findingsOf, onlyFault } from '../../support/doctor.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { listen } from '../../support/listen.ts'
import { freePort } from '../../support/redis.ts'
import { waitUntil } from '../../support/waiting.ts'
import { startWechatOverTls, wechatHost } from '../../support/wechat-over-tls.ts'

const open = async (t: Test) => {
  const simulator = await startWechatSimulator()
  t.teardown(() => simulator.close())
  return { simulator, env: envOf(simulator) }
}

const envOf = ({ url, appid, secret }: WechatSimulator) => ({ WECHAT_API_URL: url, WECHAT_APPID: appid, WECHAT_SECRET: secret })

await t.test('doctor: WeChat is in order when it gives a token, a code and a link, and takes AppID and AppSecret for logins', async (t) => {
  const { simulator, env } = await open(t)
  const findings = await findingsOf(checkWechat, { ...env, WECHAT_URL_LINK: 'on' })
  t.strictSame(findings.map(({ status, text }) => [status, text.replace(/\d+ ms/, 'n ms')]), [
    ['ok', `${new URL(simulator.url).host} gives an access token, after n ms`],
    ['ok', 'it makes a code that opens the release version'],
    ['ok', 'it makes a URL Link'],
    ['ok', 'it takes the AppID and the AppSecret for logins (jscode2session)'],
  ])
  t.strictSame(simulator.calls.map(({ endpoint }) => endpoint).sort(), ['generate_urllink', 'getwxacodeunlimit', 'jscode2session', 'stable_token'])
  await findingsOf(checkWechat, env)
  t.equal(simulator.countOf('stable_token'), 2, 'a token is asked for each time')
  t.equal(simulator.countOf('generate_urllink'), 1, 'URL Links are off by default')
  t.ok(simulator.calls.filter(({ endpoint }) => endpoint === 'stable_token').every(({ body }) => body.includes('"force_refresh":false')))
})

await t.test('doctor: WeChat is not asked without credentials', async (t) => {
  t.hasStrict(await findingsOf(checkWechat, {}), [{ status: 'not-checked' }])
})

/** Endpoint, errcode, and what is said: the text up to the errcode, and the beginning of what to do. */
const refusals: ReadonlyArray<readonly [Endpoint, number, FaultCode, RegExp]> = [
  ['stable_token', 40164, 'wechat-address-refused', /WeChat refuses calls from 203\.0\.113\.7 \(stable_token: errcode 40164, rid [0-9a-f-]{26}\) → add it to the IP white list \(IP白名单\)/],
  ['stable_token', 89503, 'wechat-address-refused', /approve the address of this server .* → the request is in the administrator's WeChat/],
  ['stable_token', 89506, 'wechat-address-refused', /blocks it for 24 hours|refused the address of this server/],
  ['stable_token', 40013, 'wechat-appid-wrong', /does not know this AppID .* → set WECHAT_APPID to the one shown/],
  ['stable_token', 40125, 'wechat-secret-wrong', /refuses the AppSecret .* → set WECHAT_SECRET to the current one/],
  ['stable_token', 40001, 'wechat-secret-wrong', /refuses the AppSecret /],
  ['stable_token', 40243, 'wechat-secret-wrong', /The AppSecret is frozen .* → unfreeze it/],
  ['stable_token', 50004, 'wechat-restricted', /has forbidden access tokens .* → the notices at mp\.weixin\.qq\.com say why/],
  ['stable_token', 50007, 'wechat-restricted', /frozen/],
  ['stable_token', 61024, 'wechat-restricted', /third-party platform, which holds its tokens .* → revoke that authorisation/],
  ['stable_token', 45009, 'wechat-quota', /quota for this call is used up .* → it resets by itself/],
  ['stable_token', 45011, 'wechat-busy', /too often within a minute .* → harmless if it is rare/],
  ['stable_token', 41004, 'wechat-gateway', /AppSecret is missing from the call/],
  ['stable_token', 12345, 'wechat-refused', /unknown errcode 12345 .* → look the errcode up/],
  ['getwxacodeunlimit', 41030, 'wechat-not-published', /has no page pages\/login\/login .* → publish a version that has it, or set WECHAT_ENV_VERSION/],
  ['getwxacodeunlimit', 48001, 'wechat-not-published', /may not make this call .* → publish it first/],
  ['getwxacodeunlimit', 40097, 'wechat-not-published', /WECHAT_ENV_VERSION must be release, trial or develop/],
  ['getwxacodeunlimit', 48004, 'wechat-restricted', /banned this call/],
  ['getwxacodeunlimit', 45009, 'wechat-quota', /getwxacodeunlimit: errcode 45009/],
  ['getwxacodeunlimit', 40001, 'wechat-token-refused', /refuses the access token.* → find out what else uses this AppID with force_refresh/],
  ['getwxacodeunlimit', 42001, 'wechat-token-refused', /it has expired/],
  ['generate_urllink', 40002, 'wechat-no-links', /belongs to an individual, and only an organisation's may have them \(generate_urllink: errcode 40002, .* → set WECHAT_URL_LINK to off/],
  ['generate_urllink', 85407, 'wechat-no-links', /no permission for URL Links .* → set WECHAT_URL_LINK to off/],
  ['generate_urllink', 85079, 'wechat-not-published', /published mini program only .* → publish it, or set WECHAT_URL_LINK to off/],
  ['generate_urllink', 85401, 'wechat-refused', /rejects the expiry .* → correct the clock/],
  ['jscode2session', 40013, 'wechat-appid-wrong', /jscode2session: errcode 40013/],
  ['jscode2session', 40125, 'wechat-secret-wrong', /jscode2session: errcode 40125/],
  ['jscode2session', 40164, 'wechat-address-refused', /203\.0\.113\.7/],
]

for (const [endpoint, errcode, code, says] of refusals) {
  await t.test(`doctor: it says ${code}, once, when ${endpoint} answers ${errcode}`, async (t) => {
    const { simulator, env } = await open(t)
    simulator.fail(endpoint, errcode)
    const findings = await findingsOf(checkWechat, { ...env, WECHAT_URL_LINK: 'on' })
    const line = onlyFault(t, findings, code, code === 'wechat-busy' ? 'warning' : 'failure')
    t.match(line, says)
    t.notOk(line.includes(simulator.secret))
    t.equal(simulator.countOf('jscode2session'), endpoint === 'stable_token' ? 0 : 1)
    t.ok(simulator.calls.filter(({ endpoint }) => endpoint === 'stable_token').every(({ body }) => body.includes('"force_refresh":false')), 'it never ends the token that the service uses')
  })
}

await t.test('doctor: a wrong AppSecret, a wrong AppID and a token that something else keeps ending are found', async (t) => {
  const { simulator, env } = await open(t)
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, { ...env, WECHAT_SECRET: [...simulator.secret].reverse().join('') })), ['wechat-secret-wrong'])
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, { ...env, WECHAT_APPID: 'wxfedcba9876543210' })), ['wechat-appid-wrong'])
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, env)), [])
  simulator.revokeToken('still-returned')
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, env)), ['wechat-token-refused'])
})

await t.test('doctor: an individual\'s mini program, and one that is not published, are found by what they can not do', async (t) => {
  const { simulator, env } = await open(t)
  simulator.settings.owner = 'individual'
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, { ...env, WECHAT_URL_LINK: 'on' })), ['wechat-no-links'])
  simulator.settings.pages = []
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, env)), ['wechat-not-published'])
  t.equal(onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_ENV_VERSION: 'trial' }), 'wechat-env-version', 'warning'), 'WECHAT_ENV_VERSION is trial: only the members and testers of the mini program can open the codes → publish the mini program and take WECHAT_ENV_VERSION out, before others log in')
  t.match(onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_ENV_VERSION: 'develop' }), 'wechat-env-version', 'warning'), /only the developers of/)
})

await t.test('doctor: -1 is retried, and a warning where it stays', async (t) => {
  const { simulator, env } = await open(t)
  simulator.fail('stable_token', -1, 1)
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, env)), [])
  simulator.fail('getwxacodeunlimit', -1)
  t.strictSame(faultCodesIn(await findingsOf(checkWechat, env)), ['wechat-busy'])
})

for (const [fault, says] of [['html', 'the answer is neither JSON nor an image'], ['http-500', 'HTTP status 500'], [{ json: { ok: true } }, 'the answer lacks what was asked for']] as ReadonlyArray<readonly [Fault, string]>) {
  await t.test(`doctor: it says that something else answers when ${says}`, async (t) => {
    const { simulator, env } = await open(t)
    simulator.fail('stable_token', fault)
    t.equal(onlyFault(t, await findingsOf(checkWechat, env), 'wechat-gateway'), `what answers at ${new URL(simulator.url).host} is not WeChat, or something on the way changes its answers (stable_token: ${says}) → leave WECHAT_API_URL out to call WeChat itself; with a gateway, let it pass path, query and body on unchanged`)
  })
}

await t.test('doctor: something that takes a made-up js_code is not WeChat', async (t) => {
  const { simulator, env } = await open(t)
  simulator.fail('jscode2session', { json: { openid: 'oAAAAAAAAAAAAAAAAAAAAAAAAAAA' } })
  t.match(onlyFault(t, await findingsOf(checkWechat, env), 'wechat-gateway'), /^.*it takes a js_code that nobody has/)
})

await t.test('doctor: no answer is a fault after seconds, and so are a closed port and a name that nobody knows', async (t) => {
  const { simulator, env } = await open(t)
  const { host } = new URL(simulator.url)
  simulator.fail('stable_token', 'hang')
  const clock = createFakeClock()
  const asked = findingsOf(checkWechat, env, clock)
  await waitUntil(() => simulator.countOf('stable_token') === 1)
  await clock.advance(5000)
  t.match(onlyFault(t, await asked, 'wechat-unreachable'), `${host} does not answer (no answer in time) → check the address, and let a firewall pass`)

  const port = await freePort()
  t.match(onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_API_URL: `http://127.0.0.1:${port}` }), 'wechat-unreachable'), `127.0.0.1:${port} does not answer (ECONNREFUSED) → nothing listens at 127.0.0.1:${port}: start it`)
  const name = `${'a'.repeat(64)}.test` // no name is that long, so no server has to be asked
  t.match(onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_API_URL: `https://${name}` }), 'wechat-unreachable'), `${name} does not answer (ENOTFOUND) → make this machine resolve ${name}: "getent hosts ${name}" has to print an address`)
})

/** A proxy that leads every tunnel to this port, or answers with a status. */
const startProxy = async (t: Test, answer: { readonly port: number } | { readonly status: number }): Promise<string> => {
  const proxy = await listen(t, createServer((request, response) => {
    if ('status' in answer) response.writeHead(answer.status).end()
    else request.pipe(callThrough({ port: answer.port, path: request.url, method: request.method }, (upstream) => { upstream.pipe(response) }))
  }).on('connect', (_request, client) => {
    client.on('error', () => {})
    if ('status' in answer) {
      client.end(`HTTP/1.1 ${answer.status} No\r\n\r\n`)
      return
    }
    const upstream = connect(answer.port, '127.0.0.1', () => { client.write('HTTP/1.1 200 OK\r\n\r\n') }).on('error', () => {})
    client.pipe(upstream).pipe(client)
    client.once('close', () => { upstream.destroy() })
  }))
  return new URL(proxy).host
}

await t.test('doctor: a proxy is named when it is away, wants a password, refuses or leads nowhere', async (t) => {
  const { env } = await open(t)
  const fault = async (proxy: string, WECHAT_API_URL = `https://${wechatHost}`): Promise<string> =>
    onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_API_URL, HTTPS_PROXY: `http://ada:swordfish@${proxy}`, HTTP_PROXY: `http://ada:swordfish@${proxy}` }), 'wechat-proxy')
  const away = `127.0.0.1:${await freePort()}`
  t.match(await fault(away), `${wechatHost} does not answer through the proxy ${away} (ECONNREFUSED) → check HTTPS_PROXY`)
  for (const [status, says] of [[407, /wants a user and a password.*→ put them into the proxy's address/], [403, /does not let calls to .* through \(status 403\) → allow/], [503, /does not reach .*\(status 503\) → let the proxy reach/]] as const) {
    const proxy = await startProxy(t, { status })
    const line = await fault(proxy)
    t.match(line, says)
    t.notMatch(line, 'swordfish')
  }
  const asking = await startProxy(t, { status: 407 })
  t.match(await fault(asking, `http://${wechatHost}`), /.*\(status 407\)/, 'a plain call is sent to the proxy as it is')
})

await t.test('doctor: the certificate of a company\'s proxy is named, and with NODE_EXTRA_CA_CERTS all is well', async (t) => {
  const { simulator, env } = await open(t)
  const tls = await startWechatOverTls(t, simulator)
  const proxy = await startProxy(t, tls)
  const settings = { ...env, ...tls.env, HTTPS_PROXY: `http://${proxy}` }
  t.match(onlyFault(t, await findingsOf(checkWechat, settings), 'wechat-certificate'), /^.*\(DEPTH_ZERO_SELF_SIGNED_CERT\) → .*NODE_EXTRA_CA_CERTS=/)

  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, readFileSync(tls.env.NODE_EXTRA_CA_CERTS, 'utf8')]) // as Node.js does at its start
  t.teardown(() => { setDefaultCACertificates(trusted) })
  const findings = await findingsOf(checkWechat, settings)
  t.strictSame(faultsIn(findings), [])
  t.match(findings[0]?.text, `gives an access token through the proxy ${proxy}, after`)
  t.match(onlyFault(t, await findingsOf(checkWechat, { ...settings, WECHAT_API_URL: `https://other.wechat.test:${tls.port}` }), 'wechat-certificate'), /^the certificate of other\.wechat\.test.* is for other names/)
  t.match(onlyFault(t, await findingsOf(checkWechat, { ...env, WECHAT_API_URL: simulator.url.replace('http:', 'https:') }), 'wechat-certificate'), /^TLS with .* fails/)
})
