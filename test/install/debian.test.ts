/**
 * A bare Debian becomes a service behind nginx by the blocks of src/deploy/README.md alone, pasted one after the other, with a systemd that really runs. In
 * place of WeChat there is its simulator, reached over https.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import t, { type Test } from 'tap'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { issueCertificate } from '../support/certificate.ts'
import { openBrowser, openPhone } from '../support/clients.ts'
import { bootMachine, mountedRepository } from '../support/debian/machine.ts'
import { blocksOf } from '../support/debian/readme.ts'
import { cookieOf } from '../support/login.ts'
import { remote } from '../support/remote.ts'
import { startWechatOverTls, wechatHost } from '../support/wechat-over-tls.ts'

const host = 'login.example.com'

const machine = await bootMachine(t, 'bookworm')
const { run } = machine
const simulator = await startWechatSimulator()
t.teardown(() => simulator.close())
const wechat = await startWechatOverTls(t, simulator, machine.outside)
const certificate = issueCertificate(t, host)
const service = remote(`https://${host}`, {
  allowH2: true,
  connect: { ca: readFileSync(certificate.authority), lookup: (_name, options, done) => { options.all === true ? done(null, [{ address: machine.address, family: 4 }]) : done(null, machine.address, 4) } },
})
t.teardown(() => service.close())

const blocks = blocksOf('src/deploy/README.md')
const used = new Set<string>()

/** Returns the block with this name, or the one below this heading. */
const blockOf = (name: string): string => {
  const [found, ...more] = blocks.filter(({ heading, mark }) => mark === name || (mark === '' && heading.includes(name)))
  if (found === undefined || more.length > 0) throw new Error(`the README has not one block for "${name}"`)
  used.add(found.script)
  return found.script
}

/** Runs a block; `edits` replace what a reader replaces. */
const paste = async (name: string, edits: Readonly<Record<string, string>> = {}, isOnline = false): Promise<string> => {
  let script = blockOf(name)
  for (const [part, by] of Object.entries(edits)) {
    if (!script.includes(part)) throw new Error(`the block for "${name}" has no ${part}`)
    script = script.replaceAll(part, () => by)
  }
  return await run(script, { isOnline })
}

/** Logs a person in as a browser and a phone do, and returns the cookie. */
const logIn = async (t: Test, person: string): Promise<string> => {
  const phone = await openPhone(service, { jsCode: simulator.jsCode(person), authority: host })
  const browser = await openBrowser(service)
  t.equal((await service.call({ path: `/api/tickets/${browser.ticket}/code` })).status, 200)
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
  const consumed = await browser.consume()
  t.equal(consumed.status, 200)
  return cookieOf(consumed)
}

const ready = (): Promise<string> => run('curl -fsS --retry 9 --retry-connrefused --retry-delay 1 http://127.0.0.1:3000/health/ready')

const isLoggedIn = async (cookie: string): Promise<boolean> => (await service.call({ path: '/api/session', headers: { cookie } })).status === 200

await t.test('debian: packages, sources and programs get onto a bare Debian', async () => {
  await paste('1. Packages', {}, true)
  const left = ['node_modules', '.git', '.tap', 'dist', 'data', 'reports'].map((name) => `--exclude=./${name}`).join(' ')
  await run(`mkdir /srv/repository && tar -C ${mountedRepository} ${left} -c . | tar -C /srv/repository -x`)
  await run('cd /srv/repository && git init -q && git add -A && git -c user.name=test -c user.email=test@example.com commit -qm test')
  await paste('2. Build the service', { '<address of this repository>': '/srv/repository' }, true)
})

await t.test('debian: the unit runs the service with WeChat over https', async (t) => {
  await machine.write('/usr/local/share/ca-certificates/wechat.crt', readFileSync(wechat.env.NODE_EXTRA_CA_CERTS, 'utf8').replace(/-----BEGIN PRIVATE[^]*/, ''))
  await machine.write('/usr/local/share/ca-certificates/authority.crt', readFileSync(certificate.authority, 'utf8'))
  await run(`update-ca-certificates; printf '%s\\n' '${machine.outside} ${wechatHost}' '${machine.address} ${host}' >> /etc/hosts`)

  await paste('3. A user and the settings', { 'wx…': simulator.appid, 'WECHAT_SECRET=…': `WECHAT_SECRET=${simulator.secret}\nWECHAT_API_URL=${wechat.env.WECHAT_API_URL}` })
  t.match(await paste('4. Start it'), /\{"status":"ok"\}$/)
  for (const unit of ['scan-login.service', 'scan-login-backup.service']) {
    t.match(await run(`systemd-analyze verify ${unit} 2>&1; systemd-analyze security --offline=true --threshold=20 /etc/systemd/system/${unit}`), /exposure level for \S+: [01]\.\d OK/)
  }
})

await t.test('debian: a visitor logs in through nginx over HTTP/2', async (t) => {
  await machine.write(`/etc/letsencrypt/live/${host}/fullchain.pem`, readFileSync(certificate.chain, 'utf8'))
  await machine.write(`/etc/letsencrypt/live/${host}/privkey.pem`, readFileSync(certificate.key, 'utf8'))
  await paste('6. nginx')
  await logIn(t, 'ming')

  const session = connectHttp2(`https://${machine.address}`, { servername: host, ca: readFileSync(certificate.authority) })
  const [headers] = await once(session.request({ ':path': '/login', ':authority': host }), 'response') as [Record<string, unknown>]
  session.close()
  t.equal(headers[':status'], 200)
  t.equal(await run(`curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' http://${host}/login`), `301 https://${host}/login`)
})

await t.test('debian: the doctor finds nothing to mend', async (t) => {
  t.match(await paste('7. Look it over, and log in'), /^No failure, 0 warnings/m)
})

await t.test('debian: the first owner is the one who has scanned last', async (t) => {
  const [handle = ''] = /wx-\w+/.exec(await run('scan-login people list')) ?? []
  t.match(await paste('owner', { 'wx-…': handle }), new RegExp(handle))
  t.match(await run('scan-login people list'), /owner/)
})

await t.test('debian: the first backup is made by hand', async (t) => {
  t.match(await paste('first backup'), /^\d{4}-\d\d-\d\d-\d{6}\n$/)
})

await t.test('debian: on Monday one sees that it is well', async (t) => {
  const shown = await Promise.all(blockOf('monday').trimEnd().split('\n').map((line) => run(line).catch(String)))
  const expected = [/^No failure, 0 warnings/m, /Active: active \(running\) since/, /^0 loaded units listed/m, / \d{4}-\d\d-\d\d-\d{6}$/m, / Command failed: /, /^\{"status":"ok"\}$/, /^scan_login_tickets_total\{state="consumed"\} 1$/m]
  t.equal(shown.length, expected.length)
  for (const [index, pattern] of expected.entries()) t.match(shown[index], pattern)
})

await t.test('debian: the timer makes backups, and removes old ones', async (t) => {
  const backups = '/var/lib/scan-login/backups'
  await run('systemctl start scan-login-backup.service')
  await run(`cp -a "$(ls -d ${backups}/2* | head -1)" ${backups}/of-june && touch -d '20 days ago' ${backups}/of-june`)
  await run('sleep 1; systemctl start scan-login-backup.service')
  t.match(await run(`ls ${backups}`), /^(?:\d{4}-\d\d-\d\d-\d{6}\n){3}$/)
})

await t.test('debian: on Monday one sees when the backup has failed', async (t) => {
  await run('mv /opt/scan-login/backup.js /opt/scan-login/away.js; systemctl start scan-login-backup.service || true; mv /opt/scan-login/away.js /opt/scan-login/backup.js')
  const line = blockOf('monday').split('\n').find((line) => line.includes('--failed')) ?? ''
  t.match(await run(line), /scan-login-backup\.service .*failed/)
})

await t.test('debian: people stay logged in when it is restarted, updated, put back and restored', async (t) => {
  const cookie = await logIn(t, 'hua')
  await run('systemctl restart scan-login')
  await ready()
  t.ok(await isLoggedIn(cookie), 'restarted')
  await paste('update', { 'npm ci &&\n': '' }) // they are there
  await ready()
  t.ok(await isLoggedIn(cookie), 'updated')
  await paste('back')
  await ready()
  t.ok(await isLoggedIn(cookie), 'put back')
  const [before = ''] = /before-\S+/.exec(await run('ls /var/lib/scan-login/backups')) ?? []
  await paste('store', { 'before-…': before })
  await ready()
  t.ok(await isLoggedIn(cookie), 'restored')
  await paste('many visitors')
  t.ok(await isLoggedIn(cookie), 'nginx has more connections')
})

await t.test('debian: every block was pasted but the one that needs a domain', async (t) => {
  t.strictSame(blocks.filter(({ script }) => !used.has(script)).map(({ mark }) => mark), ['certificate'])
})
