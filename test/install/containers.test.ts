/**
 * The image as a real build makes it, and the compose files of src/deploy with it. No container engine is needed: what one does is done here, with namespaces,
 * addresses and read-only files. In place of WeChat there is its simulator, reached over https.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { issueCertificate } from '../support/certificate.ts'
import { openBrowser, openPhone, type Service } from '../support/clients.ts'
import { copyDeployFile, openCompose, type Compose, type StartOptions } from '../support/containers/compose.ts'
import type { Container } from '../support/containers/container.ts'
import { buildRealImage } from '../support/containers/real-image.ts'
import { repository } from '../support/readmes.ts'
import { remote } from '../support/remote.ts'
import { makeFolder } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'
import { startWechatOverTls, wechatHost } from '../support/wechat-over-tls.ts'

const host = 'login.example.com'

const image = buildRealImage(t)
const simulator = await startWechatSimulator()
t.teardown(() => simulator.close())

await t.test('image: it is small, runs as a user without rights, and has its health check, volume and labels', (t) => {
  t.comment(`the image has ${Math.round(image.bytes / 1e6)} MB`)
  t.ok(image.bytes < 200e6)
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { readonly version: string }
  t.hasStrict(image.config, {
    User: '1000:1000',
    Cmd: ['node', 'server.js'],
    WorkingDir: '/app',
    Healthcheck: { Test: ['CMD', 'node', 'healthcheck.js'] },
    Volumes: { '/app/data': {} },
    Labels: { 'org.opencontainers.image.title': 'scan-login', 'org.opencontainers.image.version': version, 'org.opencontainers.image.licenses': 'MIT' },
  })
  t.strictSame(['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/lib'].filter((folder) => existsSync(join(image.root, folder))), [], 'no shell and no npm')
  t.strictSame(readdirSync(join(image.root, 'usr/local/bin')), ['node'])
  t.end()
})

interface Opened {
  readonly compose: Compose
  readonly folder: string
  /** A file with the certificates that the service trusts. */
  readonly trusted: string
  /** For what is the service: its way to WeChat. */
  readonly options: StartOptions
}

/** Opens a compose file in a folder with the secret that the README puts there. */
const open = async (t: Test, file: string, user?: { readonly uid: number, readonly gid: number }): Promise<Opened> => {
  const folder = makeFolder(t)
  const [, block = 'false'] = /<!-- secret -->\n```sh\n([^]*?)```/.exec(readFileSync(join(repository, 'src/deploy/containers.md'), 'utf8')) ?? []
  execFileSync('sh', ['-ec', `cat | {\n${block.replaceAll('/srv/scan-login', folder)}}`], { input: `${simulator.secret}\n` }) // through cat: Node's pipe is a socket, which install can't open
  if (user !== undefined) chownSync(join(folder, 'secrets/wechat'), user.uid, user.gid)
  const compose = openCompose(t, file, { image, folder, ...user !== undefined && { user } })
  const { gateway = '' } = compose.networks.web ?? {}
  const { env } = await startWechatOverTls(t, simulator, gateway)
  const trusted = join(folder, 'trusted.pem')
  copyFileSync(env.NODE_EXTRA_CA_CERTS, trusted)
  chmodSync(trusted, 0o644)
  return {
    compose,
    folder,
    trusted,
    options: {
      env: { ...env, NODE_EXTRA_CA_CERTS: '/run/trusted.pem', WECHAT_APPID: simulator.appid },
      mounts: [{ source: trusted, target: '/run/trusted.pem', isReadOnly: true }],
      hosts: { [wechatHost]: gateway },
    },
  }
}

/** Waits until a health check succeeds. */
const untilHealthy = async (compose: Compose, service: string, container: Container): Promise<void> => {
  for (let tries = 0; tries < 60; tries++) {
    if ((await compose.check(service, container)).code === 0) return
    await sleep(100)
  }
  throw new Error(`${service} does not become healthy: ${(await compose.check(service, container)).stderr}`)
}

let people = 0

/** Logs a new person in as a browser and a phone do. */
const logIn = async (t: Test, service: Service, prefix = ''): Promise<void> => {
  const phone = await openPhone(service, { jsCode: simulator.jsCode(`person-${++people}`), authority: host, prefix })
  const browser = await openBrowser(service, { prefix })
  t.equal((await service.call({ path: `${prefix}/api/tickets/${browser.ticket}/code` })).status, 200)
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
  t.equal((await browser.consume()).status, 200)
}

/** Asserts that the doctor finds nothing wrong, through the proxy as a browser goes. */
const assertDoctorIsContent = async (t: Test, container: Container): Promise<void> => {
  const { code, stdout, stderr } = await container.execute('node', 'doctor.js')
  t.hasStrict({ code, stderr }, { code: 0, stderr: '' }, stdout)
  t.notMatch(stdout, /^ *[!✗]/m)
}

interface LogLine {
  readonly level: number
  readonly msg?: string
  readonly ip?: string
  readonly event?: string
}

const linesOf = (container: Container): readonly LogLine[] => container.stdout().split('\n').slice(0, -1).map((line) => JSON.parse(line) as LogLine)
/** The addresses of the visitors in a log, which is written a moment after an answer. */
const visitorsIn = async (container: Container): Promise<readonly string[]> => {
  await waitUntil(() => linesOf(container).some(({ ip }) => ip !== undefined))
  return [...new Set(linesOf(container).flatMap(({ ip }) => ip ?? []))]
}

const warningsOf = (container: Container): readonly LogLine[] => linesOf(container).filter(({ level }) => level >= 40)

for (const { who, user, port = '3000', prefix = '', settings = {} } of [
  { who: 'the image\'s own user' },
  { who: 'any user of root\'s group', user: { uid: 12345, gid: 0 }, port: '8080', prefix: '/sign-in', settings: { HOST: '0.0.0.0', PORT: '8080', PUBLIC_URL: `https://${host}/sign-in` } },
]) {
  await t.test(`compose.yaml: ${who} runs it with nothing to write but the volume, and somebody logs in through a proxy of this machine`, async (t) => {
    const { compose, options: { env, ...rest } } = await open(t, 'compose.yaml', user)
    const options = { ...rest, env: { ...env, ...settings } }
    const before = compose.start('scan-login', { ...options, words: ['node', '-e', 'setTimeout(() => {}, 600_000)'] })
    t.match(await before.execute('node', '-p', '[process.getuid(), process.getgid(), process.pid > 1].join(" ")'), { code: 0, stdout: `${user?.uid ?? 1000} ${user?.gid ?? 1000} true\n` })
    t.hasStrict(await compose.check('scan-login', before), { code: 1, stderr: `scan-login: http://127.0.0.1:${port}${prefix}/health/live does not answer: connect ECONNREFUSED 127.0.0.1:${port}. Is the service running, with these settings?\n` })
    const tries = `
      for (const file of ['/app/x', '/tmp/x', '/etc/x', '/app/data/x']) try { fs.writeFileSync(file, ''); console.log(file) } catch {}
      new (require('node:sqlite').DatabaseSync)('data/x').exec('CREATE TABLE t AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, hex(randomblob(100)) h FROM n ORDER BY h')`
    t.hasStrict(await before.execute('node', '-e', tries), { code: 0, stdout: '/app/data/x\n', stderr: '' }, 'SQLite sorts in files, too')
    await before.execute('node', '-e', 'fs.rmSync("data/x")')

    const container = compose.start('scan-login', options)
    await untilHealthy(compose, 'scan-login', container)
    const service = remote(`http://${compose.addressOf('scan-login')}:${port}`)
    t.teardown(() => service.close())
    await logIn(t, { call: (call) => service.call({ ...call, headers: { ...call.headers, 'x-forwarded-for': '203.0.113.7' } }) }, prefix)
    t.strictSame(await visitorsIn(container), ['203.0.113.7'], 'TRUST_PROXY is true')
    t.match(await container.execute('node', 'people.js', 'list'), { code: 0, stdout: /wx-/, stderr: '' })
    t.match(await container.execute('node', 'backup.js', '/app/data/backups/1'), { code: 0, stderr: '' })
    const data = compose.volume('data')
    t.strictSame(readdirSync(data).filter((name) => (statSync(join(data, name)).mode & 0o077) !== 0), [])
    t.hasStrict(await container.stop(), { code: 0, stderr: '' })
    t.strictSame(warningsOf(container), [])
  })
}

await t.test('compose.yaml: one line says what to run when the volume belongs to somebody else', async (t) => {
  const { compose, options } = await open(t, 'compose.yaml', { uid: 12345, gid: 12345 })
  const { code, stderr } = await compose.start('scan-login', options).ended
  t.equal(code, 1)
  t.match(stderr, /^scan-login: STORE_URL sqlite:data\/scan-login\.db can't be locked: EACCES: .+\. data belongs to 1000:0 with mode 770, and scan-login runs as 12345:12345: sudo chown -R 12345:12345 \/app\/data \(for a container: on the host, the folder that is mounted there\)\n$/)
})

/** A client for the site behind a proxy of a compose file, which trusts an authority. */
const visit = (t: Test, compose: Compose, proxy: string, authority: string): Service => {
  const address = compose.addressOf(proxy)
  const service = remote(`https://${host}`, {
    allowH2: true,
    connect: { ca: readFileSync(authority), lookup: (_name, { all }, done) => { all === true ? done(null, [{ address, family: 4 }]) : done(null, address, 4) } },
  })
  t.teardown(() => service.close())
  return service
}

/** Resolves with what a browser and a proxy agree on. */
const protocolOf = async (address: string, authority: string): Promise<string> => {
  const socket = connect({ host: address, port: 443, servername: host, ca: readFileSync(authority), ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  socket.destroy()
  return String(socket.alpnProtocol)
}

/** Asserts that a proxy sends plain http to https. */
const assertRedirected = async (t: Test, address: string): Promise<void> => {
  const plain = remote(`http://${address}`)
  t.teardown(() => plain.close())
  const { status, headers } = await plain.call({ path: '/login?x=1', headers: { host } })
  t.match(status, /^30[18]$/)
  t.equal(headers.location, `https://${host}/login?x=1`)
}

await t.test('compose-redis-nginx.yaml: two services on one Redis behind nginx, with TLS and HTTP/2; one of them may stop', async (t) => {
  const { compose, folder, trusted, options: { hosts, ...rest } } = await open(t, 'compose-redis-nginx.yaml')
  const options = { ...rest, hosts: { ...hosts, [host]: compose.addressOf('nginx') } } // as the domain leads there
  const { authority, chain, key } = issueCertificate(t, host)
  appendFileSync(trusted, readFileSync(authority))
  mkdirSync(join(folder, 'certificate'))
  copyFileSync(chain, join(folder, 'certificate/fullchain.pem'))
  copyFileSync(key, join(folder, 'certificate/privkey.pem'))
  copyDeployFile('nginx.conf', folder)

  const redis = compose.start('redis')
  await untilHealthy(compose, 'redis', redis)
  for (const [name, value] of [['appendonly', 'yes'], ['maxmemory-policy', 'noeviction']] as const) t.hasStrict(await redis.execute('redis-cli', 'config', 'get', name), { stdout: `${name}\n${value}\n` })
  t.hasStrict(await compose.start('a', { ...options, words: ['node', 'keys.js'] }).ended, { code: 0, stderr: '' })
  const [a, b] = [compose.start('a', options), compose.start('b', options)]
  await Promise.all([untilHealthy(compose, 'a', a), untilHealthy(compose, 'b', b)])
  const nginx = compose.start('nginx')
  await untilHealthy(compose, 'nginx', nginx)

  const service = visit(t, compose, 'nginx', authority)
  t.equal(await protocolOf(compose.addressOf('nginx'), authority), 'h2')
  await assertRedirected(t, compose.addressOf('nginx'))
  for (let login = 0; login < 3; login++) await logIn(t, service)
  for (const [name, instance] of [['a', a], ['b', b]] as const) {
    t.strictSame(await visitorsIn(instance), [compose.networks.web?.gateway], `${name} is asked, and knows the visitor's address`)
    t.strictSame(warningsOf(instance), [])
  }
  await assertDoctorIsContent(t, a)
  t.hasStrict(await a.stop(), { code: 0, stderr: '' })
  await logIn(t, service)
  t.ok(existsSync(join(compose.volume('redis'), 'appendonlydir')))
})

await t.test('compose-caddy.yaml: the service behind Caddy, with TLS and HTTP/2', async (t) => {
  const { compose, folder, options } = await open(t, 'compose-caddy.yaml')
  copyDeployFile('Caddyfile', folder)
  // In place of Let's Encrypt, which needs a domain: an authority of Caddy's own.
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tlocal_certs\n\tskip_install_trust\n}\n${readFileSync(join(folder, 'Caddyfile'), 'utf8')}`)
  const [container, caddy] = [compose.start('scan-login', options), compose.start('caddy')]
  await Promise.all([untilHealthy(compose, 'scan-login', container), untilHealthy(compose, 'caddy', caddy)])
  const authority = join(compose.volume('caddy'), 'caddy/pki/authorities/local/root.crt')
  t.equal(await protocolOf(compose.addressOf('caddy'), authority), 'h2')
  await assertRedirected(t, compose.addressOf('caddy'))
  await logIn(t, visit(t, compose, 'caddy', authority))
  t.strictSame(await visitorsIn(container), [compose.networks.web?.gateway], 'it knows the visitor\'s address')
  t.strictSame(warningsOf(container), [])
})
