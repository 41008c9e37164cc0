// Where a service listens, and whom it takes a visitor for: both families, machines without IPv6, proxies on the same machine, and an old Node.js.
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { Linter } from 'eslint'
import t from 'tap'
import { makeFolder, openDeployment, run, type RunningProcess } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'

const credentials = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: '0123456789abcdef0123456789abcdef' }

/** Makes a ticket over an address of this machine, from the same address, and returns the status. */
const makeTicket = async (host: string, port: number, headers: Readonly<Record<string, string>> = {}): Promise<number> => await new Promise((resolve, reject) => {
  request({ host, localAddress: host, port, method: 'POST', path: '/api/tickets', headers }, (answer) => {
    answer.resume()
    resolve(answer.statusCode ?? 0)
  }).on('error', reject).end()
})

/** The addresses of the visitors that a running service has logged as makers of tickets. */
const visitors = async (running: RunningProcess, count: number): Promise<readonly string[]> => {
  const found = (): string[] => running.stdout().split('\n').filter((line) => line.includes('"ticket.created"')).map((line) => (JSON.parse(line) as { ip: string }).ip)
  await waitUntil(() => found().length >= count)
  return found()
}

for (const HOST of ['', '::']) {
  await t.test(`listen: IPv4 and IPv6 are taken, and IPv4 visitors have IPv4 addresses, when HOST is ${HOST === '' ? 'not set' : HOST}`, async (t) => {
    const deployment = await openDeployment(t, { env: { HOST, TRUST_PROXY: '127.0.0.1' } })
    const running = await deployment.start()
    const forwarded = { 'X-Forwarded-For': '203.0.113.7' }
    for (const [host, headers] of [['127.0.0.1', {}], ['::1', {}], ['127.0.0.1', forwarded], ['::1', forwarded], ['127.0.0.2', forwarded]] as const) {
      t.equal(await makeTicket(host, deployment.port, headers), 201)
    }
    t.strictSame(await visitors(running, 5), ['127.0.0.1', '::1', '203.0.113.7', '203.0.113.7', '127.0.0.2'])
  })
}

/** Makes `listen` on an IPv6 address fail as a system without IPv6 does. */
const withoutIpv6 = (code: string): string => `
  const { TCP } = process.binding('tcp_wrap')
  TCP.prototype.bind6 = () => process.binding('uv').UV_${code}
`

for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
  await t.test(`listen: IPv4 is taken when the machine has no IPv6 and answers ${code}`, async (t) => {
    const preload = join(makeFolder(t), 'preload.cjs')
    writeFileSync(preload, withoutIpv6(code))
    const deployment = await openDeployment(t, { env: { HOST: '', NODE_OPTIONS: `--no-deprecation --require ${preload}` } })
    const running = await deployment.start()
    t.equal(await makeTicket('127.0.0.1', deployment.port), 201)
    t.strictSame(await visitors(running, 1), ['127.0.0.1'])
    const { stderr, code: exitCode } = await run(t, { folder: deployment.folder, env: { ...credentials, HOST: '::1', LOG_LEVEL: 'silent', STORE_URL: 'sqlite::memory:', NODE_OPTIONS: `--no-deprecation --require ${preload}` } }).ended
    t.equal(exitCode, 1)
    t.match(stderr, /^scan-login: HOST ::1, PORT 3000: this machine has no (?:IPv6|such address)\. Set HOST to [^\n]+\n$/)
  })
}

const repository = join(import.meta.dirname, '../..')
const { scripts, engines } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>>, engines: { node: string } }
const checked = Object.entries(scripts).filter(([, command]) => / src\/\S+\.ts$/.test(command))

await t.test('node: one line stops each command of the service when Node.js is too old', async (t) => {
  t.ok(checked.length >= 4)
  const folder = makeFolder(t)
  const start = async (version: string, script: string) => {
    const preload = join(folder, `${version}.cjs`)
    writeFileSync(preload, `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
    const [, ...args] = script.replace(/^exec /, '').split(' ')
    return await run(t, { folder: repository, through: ['sh', '-c', `exec "$0" -r ${preload} ${args.join(' ')} --help`, process.execPath] }).ended
  }
  const refusal = (version: string) => ({ code: 1, stdout: '', stderr: `scan-login: this is Node.js ${version}, and scan-login needs 22.19 or newer, best 24: install it from https://nodejs.org, or use Docker\n` })
  for (const [, script] of checked) t.hasStrict(await start('20.20.2', script), refusal('20.20.2'), script)
  for (const version of ['12.22.9', '18.20.8', '22.18.0', '23.11.0']) t.hasStrict(await start(version, scripts.people ?? ''), refusal(version))
  for (const version of ['22.19.0', '24.0.0', '26.1.0']) t.hasStrict(await start(version, scripts.people ?? ''), { code: 0, stderr: '' }, version)
  t.equal(engines.node, '^22.19.0 || >=24')
})

await t.test('node: an old Node.js can read the check of its version', async (t) => {
  const text = readFileSync(join(repository, 'src/node-version.cjs'), 'utf8')
  t.strictSame(new Linter().verify(text, { languageOptions: { ecmaVersion: 2015, sourceType: 'script' } }), [])
})
