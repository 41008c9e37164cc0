/** An address that leads to one server and later to another, as a cloud's or a Kubernetes Service does: open connections stay with their server. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TeardownScope } from './teardown-scope.ts'

export interface MovingAddress {
  readonly port: number
  /** Leads new connections to another port of this machine. */
  pointTo (port: number): void
}

/** Opens an address that leads to `first`. */
export const openMovingAddress = async (scope: TeardownScope, first: number): Promise<MovingAddress> => {
  let target = first
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket)
      socket.on('error', () => {}) // 'close' follows
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port, // an object for what listens on a port
    pointTo: (port) => { target = port },
  }
}
