/**
 * Run in network and mount namespaces of its own, as root there. Starts a service and, at the other end of a bad link, a simulator of WeChat's API; prints the
 * statuses of a visitor's and a phone's calls as JSON.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startWechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { openBrowser } from './clients.ts'
import { installed } from './installed.ts'
import { makeFolder, openDeployment } from './service-process.ts'
import { createTeardownScope } from './teardown-scope.ts'
import { startWechatOverTls, wechatHost } from './wechat-over-tls.ts'

const scope = createTeardownScope()
const run = (name: string, ...words: string[]): void => { execFileSync(installed(name), words, { stdio: ['ignore', 'ignore', 'inherit'] }) }

/** Several of both families, as WeChat has: IPv6 comes first and last. */
const [ipv6, ipv4, otherIpv6] = ['::1', '127.0.0.1', 'fd00:203::1'] as const

run('ip', 'link', 'set', 'lo', 'up')
run('ip', '-6', 'address', 'add', `${otherIpv6}/128`, 'dev', 'lo', 'nodad')
const simulator = await startWechatSimulator()
scope.teardown(simulator.close)
const wechat = await startWechatOverTls(scope, simulator)
const folder = makeFolder(scope)
writeFileSync(join(folder, 'hosts'), [ipv6, ipv4, otherIpv6].map((address) => `${address} ${wechatHost}\n`).join(''))
run('mount', '--bind', join(folder, 'hosts'), '/etc/hosts')
// A client sends a lost SYN again after a second, from the same port.
writeFileSync(join(folder, 'rules'), `table inet link {
  set seen { type inet_service; flags dynamic, timeout; timeout 1m; }
  chain input {
    type filter hook input priority 0
    tcp dport ${wechat.port} ip6 daddr { ${ipv6}, ${otherIpv6} } drop
    tcp dport ${wechat.port} tcp flags & (syn | ack) == syn tcp sport != @seen add @seen { tcp sport } drop
  }
}`)
run('nft', '-f', join(folder, 'rules'))

const deployment = await openDeployment(scope, { simulator, env: { CODE_SUPPLY: '0', ...wechat.env, HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '.wechat.test' } })
await deployment.start()
const { ticket } = await openBrowser(deployment)
/** Tries as a page and a phone do: a busy machine may miss the deadline of one call, but where the service can't cope with the link, every call fails. */
const statusOf = async (call: () => Promise<{ readonly status: number }>): Promise<number> => {
  const giveUpAt = performance.now() + 30_000
  for (;;) {
    const { status } = await call()
    if (status !== 503 || performance.now() > giveUpAt) return status
    await sleep(1000)
  }
}
const code = await statusOf(() => deployment.call({ path: `/api/tickets/${ticket}/code` }))
const phone = await statusOf(() => deployment.call({ method: 'POST', path: '/api/phone/login', body: { js_code: simulator.jsCode('ming') } }))
process.stdout.write(JSON.stringify({ code, phone }))
await scope.end()
