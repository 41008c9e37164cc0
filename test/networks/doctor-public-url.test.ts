/** The doctor's findings about PUBLIC_URL, behind real proxies that have each fault. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkPublicUrl } from '../../src/commands/doctor/check-public-url.ts'
import type { Finding } from '../../src/commands/doctor/finding.ts'
import { makeAuthority } from '../support/certificate-authority.ts'
import { codesOf, findingsOf, openDoctorService, type DoctorService } from '../support/doctor-service.ts'
import { startEncryptingProxy, type Edits } from '../support/encrypting-proxies.ts'
import { makeCertificate } from '../support/certificate.ts'
import { listen } from '../support/listen.ts'
import type { ProxyKind } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder, run } from '../support/service-process.ts'

const authority = makeAuthority(t)
const good = authority.issue()

interface PublicService extends DoctorService {
  readonly at: string
}

const openPublicService = async (t: Test, path = ''): Promise<PublicService> => {
  const at = `127.0.0.1:${await freePort()}`
  return { ...await openDoctorService(t, { PUBLIC_URL: `https://${at}${path}`, TRUST_PROXY: '127.0.0.1', MAX_WAIT: '2' }), at }
}

interface Setup {
  readonly kind?: ProxyKind
  readonly pem?: string
  readonly edits?: Edits
  readonly path?: string
  /** In place of the service. */
  readonly upstream?: string
}

const check = async (t: Test, { kind = 'nginx', pem = good, edits = [], path, upstream }: Setup): Promise<readonly Finding[]> => {
  const { env, at, port } = await openPublicService(t, path)
  await startEncryptingProxy(t, kind, { listen: at, upstream: upstream ?? `127.0.0.1:${port}` }, pem, edits)
  return await findingsOf(checkPublicUrl, env)
}

for (const kind of ['nginx', 'haproxy', 'caddy', 'squid'] satisfies ProxyKind[]) {
  await t.test(`doctor public-url: all is right behind the README's ${kind}`, async (t) => {
    const findings = await check(t, { kind, ...kind === 'squid' && { pem: authority.issue({ isByRoot: true }) } }) // Debian's squid, with GnuTLS, sends one certificate
    t.strictSame(codesOf(findings), kind === 'squid' ? ['http-version-old'] : []) // squid has no HTTP/2
    t.ok(findings.some(({ text }) => / is trusted, for 127\.0\.0\.1, and valid until \d{4}-\d\d-\d\d$/.test(text)))
    t.ok(findings.some(({ text }) => /^https:\/\/127\.0\.0\.1:\d+ leads to this service, path and method unchanged$/.test(text)))
  })
}

const stranger = await listen(t, createServer((_request, response) => { response.setHeader('server', 'other/1').end('Welcome') }))

const faults: ReadonlyArray<readonly [code: string, setup: Setup, text: RegExp, todo: RegExp]> = [
  ['certificate-chain', { pem: authority.issue({ isAlone: true }) }, /without that of Test Intermediate, which signed it/, /fullchain\.pem/],
  ['certificate-chain', { kind: 'haproxy', pem: authority.issue({ isAlone: true }) }, /without that of Test Intermediate/, /fullchain\.pem/],
  ['certificate-expired', { pem: authority.issue({ fromDays: -90, toDays: -3 }) }, new RegExp(`expired on ${new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)}$`), /certbot renew/],
  ['certificate-expired', { pem: authority.issue({ fromDays: 2, toDays: 90 }) }, /is valid from .+ on, and this machine has /, /timedatectl/],
  ['certificate-expires-soon', { pem: authority.issue({ toDays: 5.5 }) }, / expires on .+, in 5 days$/, /certbot renew/],
  ['certificate-name', { pem: authority.issue({ names: 'DNS:www.example.com' }) }, / is for www\.example\.com, and not for 127\.0\.0\.1$/, /certbot --nginx -d 127\.0\.0\.1/],
  ['tls-missing', { edits: [[' ssl http2;', ';']] }, /speaks no TLS/, /listen 443 ssl http2;/],
  ['tls-too-old', { edits: [['server_name', 'ssl_protocols TLSv1 TLSv1.1;\n    ssl_ciphers DEFAULT:@SECLEVEL=0;\n    server_name']] }, /only TLS 1\.1 or older/, /ssl_protocols TLSv1\.2 TLSv1\.3;/],
  ['tls-failed', { edits: [['server_name', 'ssl_reject_handshake on;\n    server_name']] }, /^TLS with .+ fails: /, /ssl_certificate_key/],
  ['http-version-old', { edits: [[' ssl http2;', ' ssl;']] }, /only HTTP\/1\.1/, /listen 443 ssl http2;/],
  ['http-version-old', { kind: 'haproxy', edits: [[' alpn h2,http/1.1', ' alpn http/1.1']] }, /only HTTP\/1\.1/, /alpn h2,http\/1\.1/],
  ['public-url-no-upstream', { upstream: '127.0.0.1:1' }, /\(nginx\/[\d.]+\) at https:\S+ answers 502/, /proxy_pass http:\/\/127\.0\.0\.1:\d+;/],
  ['public-url-no-upstream', { kind: 'haproxy', upstream: '127.0.0.1:1' }, / answers 503/, /proxy_pass/],
  ['public-url-refused', { edits: [['proxy_pass', 'deny all;\n        proxy_pass']] }, / answers 403 itself/, /\(deny\)/],
  ['public-url-redirects', { edits: [['proxy_pass', 'return 301 https://www.example.com$request_uri;\n        proxy_pass']] }, / answers 301 with https:\/\/www\.example\.com\/api\/doctor/, /set PUBLIC_URL/],
  ['public-url-path-changed', { path: '/sign/in', edits: [['location / {', 'location /sign/in/ {'], ['proxy_pass http://scan_login;', 'proxy_pass http://scan_login/;']] }, /takes \/sign\/in out of the path/, /with no slash/],
  ['public-url-path-changed', { kind: 'caddy', path: '/sign/in', edits: [['reverse_proxy 127.0.0.1:3000', 'handle_path /sign/in/* {\n\t\treverse_proxy 127.0.0.1:3000\n\t}']] }, /takes \/sign\/in out of the path/, /handle_path/],
  ['public-url-other-service', { upstream: new URL(stranger).host }, /^another program \(nginx\/[\d.]+\) answers at .+, with status 200$/, /pass calls for this name and path on to 127\.0\.0\.1:\d+/],
]

for (const [code, setup, text, todo] of faults) {
  await t.test(`doctor public-url: ${code}, in ${setup.kind ?? 'nginx'}: ${text.source}`, async (t) => {
    const findings = await check(t, setup)
    t.strictSame(codesOf(findings), [code])
    const fault = findings.find((finding) => 'code' in finding && finding.code === code)
    t.match(fault, { text, todo })
  })
}

await t.test('doctor public-url: a certificate signed by itself is named when nobody trusts it', async (t) => {
  const findings = await check(t, { pem: makeCertificate(t, 'login.example.com') })
  t.strictSame(codesOf(findings), ['certificate-untrusted', 'certificate-name', 'certificate-expires-soon'])
  t.match(findings.find((finding) => 'code' in finding && finding.code === 'certificate-untrusted'), { text: /it is signed by itself$/, todo: /certbot/ })
})

await t.test('doctor public-url: another scan-login, with other keys or with other settings, is told from this one', async (t) => {
  const other = await openDoctorService(t)
  const findings = await check(t, { upstream: `127.0.0.1:${other.port}` })
  t.strictSame(codesOf(findings), ['public-url-other-service'])
  t.match(findings.at(-1), { text: /^a scan-login answers at \S+ that doesn't know the keys in / })
  const { env, at, port } = await openPublicService(t)
  const sibling = await openDoctorService(t, { KEYS_FILE: env.KEYS_FILE as string })
  await startEncryptingProxy(t, 'nginx', { listen: at, upstream: `127.0.0.1:${sibling.port}` }, good)
  t.match((await findingsOf(checkPublicUrl, env)).at(-1), { code: 'public-url-other-service', text: new RegExp(`leads to another service with the same keys: .+127\\.0\\.0\\.1:${port}$`) })
})

await t.test('doctor public-url: a name without an address, and an address without a server, are failures that say where to look', async (t) => {
  const { env, at } = await openPublicService(t)
  t.hasStrict(await findingsOf(checkPublicUrl, { ...env, PUBLIC_URL: 'https://login.invalid' }), [{ status: 'failure', code: 'public-url-no-address' }])
  const [closed] = await findingsOf(checkPublicUrl, env)
  t.hasStrict(closed, { status: 'failure', code: 'public-url-unreachable', text: `nothing takes connections for 127.0.0.1 at port ${at.split(':')[1]}: 127.0.0.1 (connect ECONNREFUSED ${at})` })
  t.match(closed, { todo: /^see that the proxy runs .+ open https:\/\/127\.0\.0\.1:\d+\/health\/live from elsewhere.+hairpin NAT/ })
  t.strictSame(codesOf(await findingsOf(checkPublicUrl, { ...env, PUBLIC_URL: 'http://localhost:3000' })), ['not-checked'])
})

await t.test('doctor public-url: a proxy that takes a call and never answers ends the wait', async (t) => {
  const silent = await listen(t, createServer(() => {}))
  const findings = await check(t, { upstream: new URL(silent).host })
  t.strictSame(codesOf(findings), ['public-url-no-answer'])
  t.match(findings.at(-1), { text: /no answer within 10 s$/ })
})

await t.test('doctor public-url: an address where nothing listens is named when the name has another one', async (t) => {
  const { env, at, port } = await openPublicService(t)
  await startEncryptingProxy(t, 'nginx', { listen: at, upstream: `127.0.0.1:${port}` }, good)
  const folder = makeFolder(t)
  const hosts = join(folder, 'hosts')
  writeFileSync(hosts, '127.0.0.1 login.example.com\n::1 login.example.com\n')
  const PUBLIC_URL = `https://login.example.com:${at.split(':')[1]}`
  // A mount of its own, as the name has to have two addresses; the whole doctor, with what it needs to trust the certificate.
  const { stdout } = await run(t, { script: 'src/commands/doctor.ts', args: ['--json'], folder, env: { ...env, PUBLIC_URL, NODE_EXTRA_CA_CERTS: authority.root }, through: ['unshare', '-rm', 'sh', '-ec', 'mount --bind "$0" /etc/hosts; exec "$@"', hosts] }).ended
  const { findings } = JSON.parse(stdout) as { findings: ReadonlyArray<{ check: string, code: string | null, text: string, todo: string | null }> }
  const ofUrl = findings.filter(({ check }) => check === 'public-url')
  t.hasStrict(ofUrl.filter(({ code }) => code !== null), [{
    status: 'failure',
    code: 'public-url-address-closed',
    text: `login.example.com also has the address ::1, where nothing takes connections: connect ECONNREFUSED ::1:${at.split(':')[1]}. Visitors with IPv6 wait, or never arrive`,
  }])
  t.ok(ofUrl.some(({ text }) => text === `login.example.com is at 127.0.0.1, which takes connections at port ${at.split(':')[1]}`))
})
