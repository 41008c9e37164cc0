/** The doctor's findings about Redis: real servers, each with the fault. */
import { mkdirSync, rmdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { checkStore } from '../../../src/commands/doctor/check-store.ts'
import type { Fault, Finding } from '../../../src/commands/doctor/finding.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { codesIn, faultsIn, findingsOf, goodSettings, workIn } from '../../support/doctor.ts'
import { freePort, startRedis, type RedisServer } from '../../support/redis.ts'
import { sendCommand } from '../../support/redis-sets.ts'
import { makeFolder } from '../../support/service-process.ts'
import { textIn } from '../../support/readmes.ts'
import { waitAtMost } from '../../support/waiting.ts'

const keeping = ['--appendonly', 'yes']

const start = async (t: Test, ...args: readonly string[]): Promise<RedisServer> => {
  const server = await startRedis({ args: args.length === 0 ? keeping : args })
  t.teardown(() => server.stop())
  return server
}

const check = async (url: string): Promise<readonly Finding[]> => await findingsOf(checkStore, { ...goodSettings, STORE_URL: url })

const faultsOf = async (url: string): Promise<readonly Fault[]> => faultsIn(await check(url))

workIn(t, makeFolder(t))

const isWithin = waitAtMost(20_000)

await t.test('doctor: there is no fault in a Redis as the README wants it, for the user that it prints, and nothing stays in it', async (t) => {
  const server = await start(t)
  const [line = ''] = /^ACL SETUSER scan-login .+$/m.exec(textIn('en')) ?? []
  await sendCommand(server.port, ...line.split(' ').map((word) => word.startsWith('>') ? '>pw' : word))
  const findings = await check(server.url.replace('://', '://scan-login:pw@'))
  t.strictSame(codesIn(findings), [])
  t.match(findings.map(({ text }) => text), [/^Redis \d\S+ answers at 127\.0\.0\.1:\d+$/, /keeps what is written/, /^it writes, reads and removes/, /^whose store it is/])
  t.ok(await isWithin(async () => (await sendCommand(server.port, 'KEYS', '*') as readonly string[]).length === 0), 'all of it has an end')
})

await t.test('doctor: a Redis that forgets is a warning, by what it forgets', async (t) => {
  const forgetful = await start(t, '--save', '')
  t.match(await faultsOf(forgetful.url), [{ status: 'warning', code: 'redis-persistence', text: / keeps nothing on its disk \(appendonly no, no save\): / }])
  await sendCommand(forgetful.port, 'CONFIG', 'SET', 'save', '60 1')
  t.match(await faultsOf(forgetful.url), [{ status: 'warning', code: 'redis-persistence', text: / has appendonly off: when it crashes, it forgets what was written since its last snapshot, sign-outs and blocks too$/ }])
})

await t.test('doctor: a Redis that can not save to its disk, and so takes no writes, is a failure', async (t) => {
  const folder = makeFolder(t)
  mkdirSync(join(folder, 'gone'))
  const server = await start(t, '--save', '3600 1', '--dir', join(folder, 'gone'))
  await sendCommand(server.port, 'SET', 'filler', 'x')
  rmdirSync(join(folder, 'gone'))
  await sendCommand(server.port, 'BGSAVE')
  t.ok(await isWithin(async () => String(await sendCommand(server.port, 'INFO', 'persistence')).includes('rdb_last_bgsave_status:err')))
  t.match((await faultsOf(server.url)).find(({ status }) => status === 'failure'), { code: 'redis-persistence', text: /^Redis can't save what it has to its disk, and takes no writes \(.*MISCONF /, todo: /redis-cli config get dir/ })
})

await t.test('doctor: a Redis that evicts is a failure, unless it has all the memory', async (t) => {
  const server = await start(t, ...keeping, '--maxmemory-policy', 'allkeys-lru')
  t.strictSame(await faultsOf(server.url), [])
  await sendCommand(server.port, 'CONFIG', 'SET', 'maxmemory', '100mb')
  t.match(await faultsOf(server.url), [{ status: 'failure', code: 'redis-evicts', text: /\(maxmemory-policy allkeys-lru\)/, todo: /^redis-cli config set maxmemory-policy noeviction/ }])
})

await t.test('doctor: a Redis whose memory is nearly full is a warning, and a full one a failure', async (t) => {
  const server = await start(t)
  await sendCommand(server.port, 'SET', 'filler', 'x'.repeat(20_000_000))
  const used = Number(/used_memory:(\d+)/.exec(String(await sendCommand(server.port, 'INFO', 'memory')))?.[1])
  await sendCommand(server.port, 'CONFIG', 'SET', 'maxmemory', String(Math.round(used * 1.07)))
  t.match(await faultsOf(server.url), [{ status: 'warning', code: 'redis-memory', text: / uses 9\d % of its maxmemory / }])
  await sendCommand(server.port, 'CONFIG', 'SET', 'maxmemory', String(Math.round(used / 2)))
  t.match((await faultsOf(server.url)).at(-1), { status: 'failure', code: 'redis-memory', text: /^the memory of Redis is full, and / })
})

await t.test('doctor: a missing or wrong password is a failure, without the password', async (t) => {
  const server = await start(t)
  await sendCommand(server.port, 'CONFIG', 'SET', 'requirepass', 'right')
  for (const url of [server.url, server.url.replace('//', '//:wrong@'), server.url.replace('//', '//somebody:wrong@')]) {
    const faults = await faultsOf(url)
    t.match(faults, [{ status: 'failure', code: 'store-password' }], url)
    t.notMatch(faults[0]?.text, 'wrong@')
  }
  t.strictSame(await faultsOf(server.url.replace('//', '//:right@')), [])
  const open = await start(t)
  t.match(await faultsOf(open.url.replace('//', '//:right@')), [{ status: 'failure', code: 'store-password', text: /^STORE_URL has a password, and Redis has none /, todo: /take it out of STORE_URL/ }])
})

await t.test('doctor: a Redis that does not answer is a failure', async (t) => {
  t.match(await faultsOf(`redis://127.0.0.1:${await freePort()}`), [{ status: 'failure', code: 'store-unreachable', text: /ECONNREFUSED/ }])
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => { silent.close() })
  t.match(await faultsOf(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`), [{ code: 'store-unreachable', text: 'Redis does not answer: no answer within 5 s' }])
})

await t.test('doctor: a certificate that nobody trusts is a failure, and a server that speaks no TLS', async (t) => {
  const certificate = makeCertificate(t, 'localhost')
  const port = await freePort()
  const server = await start(t, ...keeping, '--tls-port', String(port), '--tls-cert-file', certificate, '--tls-key-file', certificate, '--tls-auth-clients', 'no')
  t.match(await faultsOf(`rediss://localhost:${port}`), [{ status: 'failure', code: 'store-unreachable', text: /^the certificate of Redis is not trusted: self-signed certificate/, todo: /NODE_EXTRA_CA_CERTS=/ }])
  t.match(await faultsOf(server.url.replace('redis:', 'rediss:')), [{ status: 'failure', code: 'store-unreachable' }])
  t.match(await faultsOf(`redis://127.0.0.1:${port}`), [{ status: 'failure', code: 'store-unreachable', todo: /For TLS it is rediss:/ }])
})

await t.test('doctor: a right that the user of Redis lacks is named', async (t) => {
  const server = await start(t)
  const url = server.url.replace('://', '://limited:pw@')
  for (const [rights, right, what] of [
    [['~*', '&*', '+@all', '-zadd'], '+zadd', /slots|lists/],
    [['~*', '&*', '+@all', '-set'], '+set', /writing|claiming|ending/],
    [['~*', '&*', '+@all', '-time'], '+time', /the clock/],
    [['~*', '&*', '+@all', '-publish'], '+publish', /wake-ups/],
    [['~*', 'resetchannels', '+@all'], '\'&scan-login*\'', /wake-ups/],
    [['~shop*', '&*', '+@all'], '\'~scan-login*\'', /./],
  ] as const) {
    await sendCommand(server.port, 'ACL', 'SETUSER', 'limited', 'reset', 'on', '>pw', ...rights)
    const faults = await faultsOf(url)
    const fault = faults.find(({ todo }) => todo.startsWith(`redis-cli ACL SETUSER <user> ${right}, `))
    t.match(fault, { status: 'failure', code: 'store-rights', text: what }, right)
    t.ok(faults.every(({ code }) => code === 'store-rights'), JSON.stringify(faults))
  }
  await sendCommand(server.port, 'ACL', 'SETUSER', 'limited', 'reset', 'on', '>pw', '~*', '&*', '+@all', '-info')
  const findings = await check(url)
  t.strictSame(codesIn(findings), [])
  t.ok(findings.some(({ status, text }) => status === 'not-checked' && text.includes('+info')))
})

await t.test('doctor: a replica is a failure, and a master with a replica that may lose writes a warning', async (t) => {
  const master = await start(t)
  const replica = await start(t, ...keeping, '--replicaof', '127.0.0.1', String(master.port))
  t.ok(await isWithin(async () => String(await sendCommand(master.port, 'INFO', 'replication')).includes('state=online')))
  t.match(await faultsOf(replica.url), [{ status: 'failure', code: 'store-fails', text: /^the Redis in STORE_URL is a replica/ }])
  t.match(await faultsOf(master.url), [{ status: 'warning', code: 'redis-replicas', text: / has a replica, and takes writes that none of them gets/ }])
  await sendCommand(master.port, 'CONFIG', 'SET', 'min-replicas-to-write', '1')
  t.strictSame(await faultsOf(master.url), [])
  await sendCommand(master.port, 'CONFIG', 'SET', 'min-replicas-to-write', '2')
  t.match(await faultsOf(master.url), [{ status: 'failure', code: 'store-fails', text: /too few of its replicas are in step/ }])
})

await t.test('doctor: a Redis of long ago is a warning', async (t) => {
  const server = await start(t)
  // The same server, but for the version that it tells.
  const relay = createServer((client) => {
    const upstream = connect(server.port, '127.0.0.1')
    client.pipe(upstream)
    upstream.on('data', (bytes) => { client.write(Buffer.from(bytes.toString('latin1').replace(/redis_version:\d/, 'redis_version:5'), 'latin1')) })
    for (const [one, other] of [[client, upstream], [upstream, client]] as const) one.on('error', () => {}).on('close', () => { other.destroy() })
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.teardown(() => { relay.close() })
  t.match(await faultsOf(`redis://127.0.0.1:${(relay.address() as AddressInfo).port}`), [{ status: 'warning', code: 'redis-old', text: / is version 5\.\S+, and scan-login is made for 6\.2 and later$/ }])
})
