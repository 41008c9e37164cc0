/** TLS in front of a simulator of WeChat's API, under a name of its own, with a certificate that a service trusts by NODE_EXTRA_CA_CERTS. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import type { WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import { makeCertificate } from './certificate.ts'
import type { TeardownScope } from './teardown-scope.ts'

export const wechatHost = 'api.wechat.test'

interface WechatOverTls {
  readonly port: number
  /** The environment of a service that calls it by its name. */
  readonly env: { readonly WECHAT_API_URL: string, readonly NODE_EXTRA_CA_CERTS: string }
}

/** `address`: where it listens, for a service that isn't on this machine. */
export const startWechatOverTls = async (t: TeardownScope, simulator: WechatSimulator, address = '127.0.0.1'): Promise<WechatOverTls> => {
  const certificate = makeCertificate(t, wechatHost)
  const pem = readFileSync(certificate)
  const sockets = new Set<Socket>()
  const server = createServer({ key: pem, cert: pem }, (client) => {
    const upstream = connect(Number(new URL(simulator.url).port), '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, address)
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo // an object for a server on a port
  return { port, env: { WECHAT_API_URL: `https://${wechatHost}:${port}`, NODE_EXTRA_CA_CERTS: certificate } }
}
