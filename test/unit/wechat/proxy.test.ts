import { createServer } from 'node:http'
import t from 'tap'
import { request } from 'undici'
import { createWechatDispatchers, destroyDispatchers, maxUnderWay } from '../../../src/wechat/dispatchers.ts'
import { listen } from '../../support/listen.ts'
import { freePort } from '../../support/redis.ts'
import { startUnacceptingServer } from '../../support/unaccepting-server.ts'
import { everythingShown, openWechatHarness, rejectionOf } from '../../support/wechat-harness.ts'

await t.test('proxy: no call waits for another, and calls get through again in seconds, when it leaves as many unanswered as there are connections', async (t) => {
  const most = maxUnderWay.stable_token
  let asked = 0
  const allAsked = Promise.withResolvers<void>()
  const proxy = await listen(t, createServer().on('connect', (_request, socket) => {
    socket.resume().on('error', () => {}).on('end', () => { socket.destroy() })
    if (++asked === most) allAsked.resolve()
    if (asked > most) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n') // any answer would do
  }))
  const dispatchers = createWechatDispatchers({ proxy })
  t.teardown(() => destroyDispatchers(dispatchers))
  const call = () => request('https://wechat.test/', { dispatcher: dispatchers.stable_token })
  const unanswered = Array.from({ length: most }, () => t.rejects(call(), { code: 'UND_ERR_HEADERS_TIMEOUT' }))
  await Promise.race([allAsked.promise, ...unanswered])
  t.equal(asked, most)
  await Promise.all(unanswered)
  await t.rejects(call(), { message: 'Proxy response (403) !== 200 when HTTP Tunneling' })
})

for (const scheme of ['https', 'http']) {
  await t.test(`proxy: the call fails in time, and the log names the proxy, when it is away or never answers (${scheme})`, async (t) => {
    const { port: unanswering } = await startUnacceptingServer(t, '127.0.0.1')
    for (const [port, reason] of [[await freePort(), /the connection failed \(ECONNREFUSED\)/], [unanswering, /no answer in time|the connection failed \(UND_ERR_CONNECT_TIMEOUT\)/]] as const) {
      const dispatchers = createWechatDispatchers({ proxy: `http://ada:swordfish@127.0.0.1:${port}` })
      t.teardown(() => destroyDispatchers(dispatchers))
      const { wechat, lines } = await openWechatHarness(t, { apiUrl: `${scheme}://wechat.test`, dispatchers, proxyHost: `127.0.0.1:${port}` })
      const error = await rejectionOf(wechat.codeFor('AbCdEfGhIjKlMnOpQrStUv'))
      t.hasStrict(error, { code: 'wechat-unavailable' })
      t.equal(lines.length, 1)
      t.match(lines[0], `warn: WeChat gave no usable answer through the proxy 127.0.0.1:${port} (check it, or name WeChat's host in NO_PROXY): `)
      t.match(lines[0], reason)
      t.notMatch(everythingShown(lines, error), 'swordfish')
    }
  })
}
