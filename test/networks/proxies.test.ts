/** The README's proxy configurations, unchanged: what reaches the service, and what a visitor gets. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { makeCertificate } from '../support/certificate.ts'
import { listen } from '../support/listen.ts'
import { runProxy, startProxy } from '../support/proxies.ts'
import { encryptedConfig, readProxyFile, type ProxyKind } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'

interface ForwardedRequest {
  readonly url: string | undefined
  readonly version: string
  readonly headers: IncomingMessage['headers']
  readonly port: number | undefined
}

for (const kind of ['nginx', 'haproxy', 'caddy', 'squid'] satisfies ProxyKind[]) {
  await t.test(`${kind}: it forwards the path unchanged and the visitor's address as it sees it, over kept connections`, async (t) => {
    const forwarded: ForwardedRequest[] = []
    const server = createServer((request, response) => {
      forwarded.push({ url: request.url, version: request.httpVersion, headers: request.headers, port: request.socket.remotePort })
      response.setHeader('Cache-Control', 'no-store').end('as it is')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.closeAllConnections()
      server.close()
    })
    const port = await freePort()
    await startProxy(t, kind, { listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${(server.address() as AddressInfo).port}` }) // an object for a server on a port

    const path = '/a//b/%2e%41/?return_to=%2Fme%3Fa%3D1&wait=25'
    for (let calls = 0; calls < 2; calls++) {
      const sent = request({ host: '127.0.0.1', port, path, headers: { 'x-forwarded-for': '203.0.113.7', authorization: 'Ticket abc' } }).end()
      const [answer] = await once(sent, 'response') as [IncomingMessage]
      t.equal(answer.statusCode, 200)
      t.equal((await answer.toArray()).join(''), 'as it is')
    }
    for (const { url, version, headers } of forwarded) {
      t.equal(url, path)
      t.equal(version, '1.1')
      t.hasStrict(headers, { 'x-forwarded-for': '127.0.0.1', authorization: 'Ticket abc' }, 'an address claimed by the visitor is replaced')
    }
    t.equal(forwarded.length, 2)
    t.equal(new Set(forwarded.map(({ port }) => port)).size, 1, 'one connection serves both')
  })

  await t.test(`${kind}: its configuration has the service's address of the README`, async (t) => {
    t.match(readProxyFile(kind), kind === 'squid' ? /127\.0\.0\.1 parent 3000 / : /127\.0\.0\.1:3000/)
  })
}

for (const kind of ['nginx', 'haproxy'] as const) {
  await t.test(`${kind}: it speaks HTTP/2, and allows a hundred calls at a time on one connection, when it encrypts`, async (t) => {
    const upstream = createServer((_request, response) => { response.end('as it is') })
    const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: new URL(await listen(t, upstream)).host }
    const pem = makeCertificate(t)
    await runProxy(t, kind, addresses, (folder) => encryptedConfig(kind, folder, addresses, pem))
    const session = connect(`https://${addresses.listen}`, { rejectUnauthorized: false })
    t.teardown(() => { session.close() })
    const answer = session.request({ ':path': '/api/session' })
    const [headers] = await once(answer, 'response')
    t.strictSame([session.alpnProtocol, headers[':status']], ['h2', 200])
    t.equal((await answer.toArray()).join(''), 'as it is')
    t.ok((session.remoteSettings.maxConcurrentStreams ?? 0) >= 100)
  })
}
