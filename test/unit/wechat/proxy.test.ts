import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import t from 'tap'
import { request } from 'undici'
import { createWechatDispatchers, destroyDispatchers, maxUnderWay } from '../../../src/wechat/dispatchers.ts'
import { makeCertificate } from '../../support/certificate.ts'
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

await t.test('proxy: calls get through, with the password, in a tunnel and without, when its own URL is https', async (t) => {
  const pem = readFileSync(makeCertificate(t, 'localhost'))
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, pem.toString()])
  t.teardown(() => { setDefaultCACertificates(trusted) })
  const serve = async (server: Server): Promise<URL> => new URL((await listen(t, server)).replace('http://127.0.0.1', 'https://localhost'))
  const wechat = await serve(createTlsServer({ key: pem, cert: pem }, (_request, response) => { response.end('in a tunnel') }))
  const asked: unknown[] = []
  const note = ({ method, url, headers }: IncomingMessage): void => { asked.push([method, url, headers['proxy-authorization']]) }
  const proxy = await serve(createTlsServer({ key: pem, cert: pem }, (request, response) => {
    note(request)
    response.end('as it is')
  }).on('connect', (request, client) => {
    note(request)
    const upstream = connect(Number(wechat.port), '127.0.0.1', () => { client.write('HTTP/1.1 200 OK\r\n\r\n') })
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.pipe(upstream).pipe(client)
  }))
  const dispatchers = createWechatDispatchers({ proxy: `https://ada:swordfish@${proxy.host}` })
  t.teardown(() => destroyDispatchers(dispatchers))
  for (const [url, says] of [[wechat.href, 'in a tunnel'], ['http://wechat.test/', 'as it is']] as const) {
    t.equal(await (await request(url, { dispatcher: dispatchers.stable_token })).body.text(), says)
  }
  const authorization = `Basic ${Buffer.from('ada:swordfish').toString('base64')}`
  t.strictSame(asked, [['CONNECT', wechat.host, authorization], ['GET', 'http://wechat.test/', authorization]])
})
