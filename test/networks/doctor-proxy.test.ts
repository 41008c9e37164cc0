/** The doctor's findings about the proxy, behind real proxies that have each fault. */
import { chmodSync } from 'node:fs'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { checkProxy } from '../../src/commands/doctor/check-proxy.ts'
import { checkPublicUrl } from '../../src/commands/doctor/check-public-url.ts'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { pollFindings } from '../../src/commands/doctor/proxy-poll.ts'
import { makeAuthority } from '../support/certificate-authority.ts'
import { codesOf, doctorContext, findingsOf, openDoctorService } from '../support/doctor-service.ts'
import { startEncryptingProxy, type Edits } from '../support/encrypting-proxies.ts'
import { listen } from '../support/listen.ts'
import { startProxy } from '../support/proxies.ts'
import type { ProxyKind } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder } from '../support/service-process.ts'

const authority = makeAuthority(t)
const pem = authority.issue()

interface Setup {
  readonly kind?: ProxyKind
  readonly edits?: Edits
  readonly env?: Readonly<Record<string, string>>
  /** A second proxy between that and the service, with edits of its own. */
  readonly inner?: Edits
}

const openBehind = async (t: Test, { kind = 'nginx', edits = [], env = {}, inner }: Setup): Promise<Readonly<Record<string, string>>> => {
  const at = `127.0.0.1:${await freePort()}`
  const service = await openDoctorService(t, { PUBLIC_URL: `https://${at}`, TRUST_PROXY: '127.0.0.1', MAX_WAIT: '1', ...env })
  let upstream = `127.0.0.1:${service.port}`
  if (inner !== undefined) {
    const between = `127.0.0.1:${await freePort()}`
    await startProxy(t, 'nginx', { listen: between, upstream }, { edits: inner as ReadonlyArray<readonly [string, string]> }) // texts only
    upstream = between
  }
  await startEncryptingProxy(t, kind, { listen: at, upstream }, pem, edits)
  return service.env
}

const check = async (t: Test, setup: Setup): Promise<readonly Finding[]> => await findingsOf(checkProxy, await openBehind(t, setup))

const textOf = (findings: readonly Finding[], code: string): string => findings.find((finding) => 'code' in finding && finding.code === code)?.text ?? ''
const todoOf = (findings: readonly Finding[], code: string): string => findings.flatMap((finding) => 'code' in finding && finding.code === code ? [finding.todo] : []).join()

for (const kind of ['nginx', 'haproxy', 'caddy', 'squid'] satisfies ProxyKind[]) {
  await t.test(`doctor proxy: all is right behind the README's ${kind}`, async (t) => {
    const findings = await check(t, { kind })
    t.strictSame(codesOf(findings), kind === 'squid' ? ['proxy-refuses-long-addresses'] : []) // squid has no room for them
    for (const text of ['the proxy at 127.0.0.1 says who a visitor is: the doctor\'s own call counts as 127.0.0.1', 'a made-up X-Forwarded-For is not believed: the call counts as 127.0.0.1', 'a poll is held for 1 s, as MAX_WAIT says', 'POST, PUT and DELETE get through', 'the header Authorization gets through', 'nothing is cached that says no-store', 'answers come as they are sent, with their headers and cookies']) {
      t.ok(findings.some((finding) => finding.status === 'ok' && finding.text === text), text)
    }
  })
}

const setHeader = 'proxy_set_header X-Forwarded-For $remote_addr;'
const appending = [setHeader, 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;'] as const
const inLocation = (line: string): readonly [string, string] => ['proxy_http_version', `${line}\n        proxy_http_version`]

const faults: ReadonlyArray<readonly [code: string, setup: Setup, text: RegExp, todo: RegExp]> = [
  ['proxy-no-forwarded-for', { edits: [[setHeader, '']] }, /^the proxy at 127\.0\.0\.1 doesn't say who a visitor is: no X-Forwarded-For arrives, and all visitors count as 127\.0\.0\.1$/, /X-Forwarded-For \$remote_addr;/],
  ['proxy-no-forwarded-for', { kind: 'haproxy', edits: [['http-request set-header X-Forwarded-For %[src]', '']] }, /no X-Forwarded-For arrives/, /http-request set-header/],
  ['proxy-no-forwarded-for', { kind: 'squid', edits: [['forwarded_for truncate', 'forwarded_for delete']] }, /no X-Forwarded-For arrives/, /forwarded_for truncate/],
  ['proxy-not-trusted', { env: { TRUST_PROXY: '' } }, /^calls come from 127\.0\.0\.1 with X-Forwarded-For, and the service doesn't have it in TRUST_PROXY, which is empty: all visitors count as 127\.0\.0\.1, and share its limits$/, /^TRUST_PROXY should name 127\.0\.0\.1: set TRUST_PROXY=127\.0\.0\.1, and restart the service$/],
  ['proxy-not-trusted', { env: { TRUST_PROXY: '10.0.0.7' } }, /, which has 10\.0\.0\.7: /, /set TRUST_PROXY=10\.0\.0\.7,127\.0\.0\.1,/],
  ['proxy-second-unnamed', { edits: [inLocation('proxy_bind 127.0.0.3;')], inner: [appending] }, /^there is a second proxy, 127\.0\.0\.3, in front of the one at 127\.0\.0\.1 \(X-Forwarded-For: 127\.0\.0\.1, 127\.0\.0\.3\)/, /set TRUST_PROXY=127\.0\.0\.1,127\.0\.0\.3,/],
  ['proxy-forgeable', { kind: 'haproxy', edits: [['http-request set-header X-Forwarded-For %[src]', 'option forwardfor if-none']] }, /203\.0\.113\.77 that the doctor made up came through 127\.0\.0\.1 as it was$/, /http-request set-header X-Forwarded-For %\[src\]/],
  ['proxy-forgeable', { edits: [appending], env: { TRUST_PROXY: '64.0.0.0/2,128.0.0.0/1' } }, /TRUST_PROXY has 64\.0\.0\.0\/2, 128\.0\.0\.0\/1, and with it 127\.0\.0\.1/, /name only the addresses of your proxies/],
  ...([
    ['nginx', 'proxy_read_timeout 60s;', 'proxy_read_timeout 2s;', /answers 504/], ['haproxy', 'timeout server 60s', 'timeout server 2s', /answers 504/], ['squid', 'read_timeout 60 seconds', 'read_timeout 2 seconds', /answers 504|socket hang up/],
    ['caddy', 'reverse_proxy 127.0.0.1:3000', 'reverse_proxy 127.0.0.1:3000 {\n\t\ttransport http {\n\t\t\tresponse_header_timeout 2s\n\t\t}\n\t}', /answers 50[24]/],
  ] as const).map(([kind, part, by, how]) => ['proxy-cuts-polls', { kind, edits: [[part, by]], env: { MAX_WAIT: '6' } }, new RegExp(`^a poll that waits 6 s is cut off after [2-4] s: .*(?:${how.source})`), /proxy_read_timeout 60s; HAProxy: timeout server 60s/] as const),
  ['proxy-loses-tickets', { edits: [inLocation('proxy_set_header X-Ticket-Secret "";')] }, /a ticket is unknown a moment after it was made/, /pass all headers on/],
  ['proxy-refuses-methods', { edits: [inLocation('limit_except GET POST { deny all; }')] }, /^not all methods get through: PUT is answered 403, DELETE is answered 403\. /, /no limit_except/],
  ['proxy-refuses-methods', { kind: 'haproxy', edits: [['default_backend', 'http-request deny deny_status 405 if { method PUT }\n    default_backend']] }, /: PUT is answered 405\. /, /ModSecurity/],
  ['proxy-removes-authorization', { kind: 'squid', edits: [[' login=PASSTHRU', '']] }, /^the proxy removes the header Authorization/, /login=PASSTHRU/],
  ['proxy-removes-authorization', { edits: [inLocation('proxy_set_header Authorization "";')] }, /^the proxy removes the header Authorization/, /remove proxy_set_header Authorization "";/],
  ['proxy-changes-answers', { edits: [inLocation('sub_filter_types application/json; sub_filter \'"host":\' \'"host": \';')] }, /^answers are rewritten on the way: \d+ characters came, \d+ were sent$/, /no sub_filter/],
  ['proxy-removes-headers', { edits: [inLocation('proxy_hide_header Vary; proxy_hide_header Cache-Control; add_header Cache-Control "max-age=60";')] }, /removed or changed: cache-control, vary$/, /no proxy_hide_header/],
  ['proxy-changes-cookies', { edits: [inLocation('proxy_hide_header Set-Cookie;')] }, /^the proxy removes Set-Cookie/, /no proxy_hide_header Set-Cookie/],
  ['proxy-changes-cookies', { edits: [inLocation('proxy_cookie_path / "/app";')] }, /^the proxy changes cookies: __Host-scan_login_doctor=…; Max-Age=0; Path=\/app; .+ came, /, /proxy_cookie_path/],
  ['proxy-refuses-long-addresses', { edits: [[/large_client_header_buffers.*/, '']] }, /^a call with an address of 9000 characters is answered 414: /, /large_client_header_buffers 4 32k;/],
]

for (const [code, setup, text, todo] of faults) {
  await t.test(`doctor proxy: ${code}, in ${setup.kind ?? 'nginx'}: ${text.source}`, async (t) => {
    const findings = await check(t, setup)
    t.strictSame(codesOf(findings), [code, ...setup.kind === 'squid' ? ['proxy-refuses-long-addresses'] : []])
    t.match(textOf(findings, code), text)
    t.match(todoOf(findings, code), todo)
  })
}

await t.test('doctor proxy: a cache that keeps what says no-store is named', async (t) => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o777) // nginx has a user of its own
  const findings = await check(t, {
    edits: [
      ['upstream scan_login', `proxy_cache_path ${folder}/cache keys_zone=panel:1m;\nupstream scan_login`],
      inLocation('proxy_cache panel; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie;'),
    ],
  })
  t.strictSame(codesOf(findings), ['proxy-caches'])
  t.match(textOf(findings, 'proxy-caches'), /: \/api\/doctor, \/api\/session$/)
  t.match(todoOf(findings, 'proxy-caches'), /proxy_cache off;/)
})

await t.test('doctor proxy: a cache that ignores queries is named, and nothing is made of its old answers', async (t) => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o777)
  const env = await openBehind(t, {
    edits: [
      ['upstream scan_login', `proxy_cache_path ${folder}/cache keys_zone=panel:1m;\nupstream scan_login`],
      inLocation('proxy_cache panel; proxy_cache_key $uri; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;'),
    ],
  })
  const empty = await findingsOf(checkProxy, env)
  t.strictSame(codesOf(empty).filter((code) => code !== 'not-checked'), ['proxy-caches'])
  t.notOk(empty.some(({ text }) => /is not believed/.test(text)), 'it was not asked')
  const full = await findingsOf(checkProxy, env)
  t.strictSame(codesOf(full), ['proxy-caches', 'not-checked'])
  t.match(textOf(full, 'proxy-caches'), /: \/api\/doctor$/)
  const [finding, ...others] = (await findingsOf(checkPublicUrl, env)).filter(({ text }) => /which service answers/.test(text))
  t.strictSame(others, [])
  t.hasStrict(finding, { status: 'not-checked', text: `which service answers at ${env.PUBLIC_URL}: a cache does, with what one told before` })
})

await t.test('doctor proxy: a cookie that the proxy adds is no fault', async (t) => {
  t.strictSame(codesOf(await check(t, { edits: [inLocation('add_header Set-Cookie "server=a; Path=/" always;')] })), [])
  const findings = await check(t, { kind: 'haproxy', edits: [['default_backend', 'http-after-response set-header Set-Cookie "server=a; path=/"\n    default_backend']] })
  t.match(textOf(findings, 'proxy-changes-cookies'), /^the proxy removes Set-Cookie/, 'in place of the service\'s')
})

await t.test('doctor proxy: what the service itself refuses is not held against the proxy', async (t) => {
  const site = await listen(t, createServer(({ method }, response) => {
    if (method === 'POST') response.writeHead(201).end(JSON.stringify({ ticket: 'x'.repeat(22), secret: 'y'.repeat(43), max_wait: 25 }))
    else response.writeHead(503).end(JSON.stringify({ type: 'urn:scan-login:problem:store-unavailable' }))
  }))
  t.strictSame(await pollFindings(doctorContext({ PUBLIC_URL: site })), [{ status: 'not-checked', text: 'how long a poll is held: the service itself refuses it (store-unavailable)' }])
})

await t.test('doctor proxy: a header that is appended to can not be judged when the doctor itself calls from a trusted address', async (t) => {
  const findings = await check(t, { edits: [appending] })
  t.strictSame(codesOf(findings), ['not-checked'])
  t.ok(findings.some(({ text }) => /the proxy appends to it, and the doctor itself calls from 127\.0\.0\.1, which is in TRUST_PROXY\./.test(text)))
})

await t.test('doctor proxy: a restart is what is missing when TRUST_PROXY names the proxy by now', async (t) => {
  const env = await openBehind(t, { env: { TRUST_PROXY: '' } })
  const findings = await findingsOf(checkProxy, { ...env, TRUST_PROXY: '127.0.0.1' })
  t.strictSame(codesOf(findings), ['proxy-not-trusted'])
  t.match(textOf(findings, 'proxy-not-trusted'), /doesn't have it in TRUST_PROXY yet: /)
  t.equal(todoOf(findings, 'proxy-not-trusted'), 'restart the service, which reads TRUST_PROXY at its start')
})

await t.test('doctor proxy: two proxies are right when both are named, and the second appends', async (t) => {
  t.strictSame(codesOf(await check(t, { edits: [inLocation('proxy_bind 127.0.0.3;')], inner: [appending], env: { TRUST_PROXY: '127.0.0.1,127.0.0.3' } })), [])
})

await t.test('doctor proxy: it leaves no ticket behind', async (t) => {
  const env = await openBehind(t, { env: { MAX_TICKETS: '1' } })
  for (let i = 0; i < 2; i++) t.strictSame(codesOf(await findingsOf(checkProxy, env)), [])
  const tickets = `http://127.0.0.1:${env.PORT}/api/tickets`
  const { ticket, secret } = await (await fetch(tickets, { method: 'POST' })).json() as { ticket: string, secret: string }
  t.equal((await fetch(`${tickets}/${ticket}`, { headers: { 'x-ticket-secret': secret } })).status, 200, 'a ticket that is polled keeps the only slot')
  const findings = await findingsOf(checkProxy, env)
  t.strictSame(codesOf(findings), ['not-checked'])
  t.ok(findings.some(({ text }) => text === 'how long a poll is held: the service makes no ticket for it now (too-many-tickets)'))
})

await t.test('doctor proxy: nothing is said about one that isn\'t there, or that doesn\'t lead to the service', async (t) => {
  const { env, port } = await openDoctorService(t)
  t.hasStrict(await findingsOf(checkProxy, env), [{ status: 'not-checked', text: 'there is no proxy: PUBLIC_URL is the service itself' }])
  t.strictSame(codesOf(await findingsOf(checkProxy, { ...env, PUBLIC_URL: 'https://127.0.0.1:1' })), ['not-checked'])
  t.ok(port > 0)
})
