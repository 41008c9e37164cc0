/** A service whose calls to WeChat go through a real Squid that asks for a password. */
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { runProxy } from '../support/proxies.ts'
import { outgoingSquidConfig } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { openDeployment } from '../support/service-process.ts'
import { waitUntil } from '../support/waiting.ts'
import { startWechatOverTls, wechatHost } from '../support/wechat-over-tls.ts'

const login = { user: 'ada', password: 'swordfish' }

const startSquid = async (t: Test) => {
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: '' }
  const { accessLog } = await runProxy(t, 'squid', addresses, (folder) => outgoingSquidConfig(folder, addresses, wechatHost, login))
  return { host: addresses.listen, accessLog }
}

/** Starts a service; returns what a visitor gets for a code, and the log. */
const codeWith = async (t: Test, env: (deployment: Awaited<ReturnType<typeof openDeployment>>) => Promise<Record<string, string>>) => {
  const deployment = await openDeployment(t, { env: { CODE_SUPPLY: '0' } })
  const running = await deployment.start(await env(deployment))
  const { ticket } = await openBrowser(deployment)
  const code = await deployment.call({ path: `/api/tickets/${ticket}/code` })
  return { deployment, code, running, log: running.stdout }
}

await t.test('wechat proxy: codes and phone logins go through a tunnel when HTTPS_PROXY is set', async (t) => {
  const squid = await startSquid(t)
  const { deployment, code, running, log } = await codeWith(t, async ({ simulator }) => ({
    ...(await startWechatOverTls(t, simulator)).env,
    HTTPS_PROXY: `http://${login.user}:${login.password}@${squid.host}`,
    LOG_LEVEL: 'trace',
  }))
  t.equal(code.status, 200)
  t.ok((await deployment.phone()).sub)
  running.kill('SIGKILL') // squid logs a tunnel when it ends
  await waitUntil(() => squid.accessLog().includes(`CONNECT ${wechatHost}:`))
  t.match(squid.accessLog(), / ada /)
  t.match(log(), `calls to WeChat go through the proxy ${squid.host}: it has to be on WeChat's IP white list`)
  t.notMatch(log(), login.password)
})

await t.test('wechat proxy: an API over http is called through HTTP_PROXY', async (t) => {
  const squid = await startSquid(t)
  const { deployment, code } = await codeWith(t, async ({ simulator }) => ({
    WECHAT_API_URL: simulator.url.replace('127.0.0.1', wechatHost),
    http_proxy: `http://${login.user}:${login.password}@${squid.host}`,
  }))
  t.equal(code.status, 200)
  t.ok((await deployment.phone()).sub)
  await waitUntil(() => squid.accessLog().includes(`POST http://${wechatHost}`))
})

await t.test('wechat proxy: the visitor gets 503 and the log names the proxy, when it refuses the password', async (t) => {
  const squid = await startSquid(t)
  const { code, log } = await codeWith(t, async () => ({ WECHAT_API_URL: `https://${wechatHost}`, https_proxy: `http://ada:guess@${squid.host}` }))
  t.hasStrict([code.status, code.json.code], [503, 'wechat-unavailable'])
  await waitUntil(() => log().includes(`WeChat gave no usable answer through the proxy ${squid.host} (check it, or name WeChat's host in NO_PROXY): the connection failed (the proxy answered with status 407)`))
  t.notMatch(log(), 'guess')
})
