/** A TCP relay between a browser and a service, whose connections a test resets or silences, and whose answers it can replace. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Relay {
  /** The service's address through the relay. */
  readonly url: string
  /** Breaks all open connections: `reset` as a router does that has lost its state, `silent` without the browser noticing. New ones work. */
  cut (how: 'reset' | 'silent'): void
  /** Replaces the answers to the next `times` requests whose first line starts with `request` by what `spoil` returns, and closes. The service has handled them. */
  spoil (request: string, times: number, spoil: (answer: Buffer) => Buffer): void
  /** Cuts all connections, and answers every request with these bytes, as a router does whose backend is being replaced; null: the service answers again. */
  standIn (answer: Buffer | null): void
  /** How many answers are still to be replaced. */
  readonly left: number
}

/** Opens a relay to a demo, which accepts the relay's address as a host from then on. */
export const openRelayTo = async (t: Test, { url, hosts }: { readonly url: string, readonly hosts: Set<string> }): Promise<Relay> => {
  const relay = await openRelay(t, Number(new URL(url).port))
  hosts.add(new URL(relay.url).host)
  return relay
}

const openRelay = async (t: Test, port: number): Promise<Relay> => {
  const pairs = new Map<Socket, Socket>()
  const silenced = new Set<Socket>()
  let spoiling = { request: '', left: 0, spoil: (answer: Buffer): Buffer => answer }

  let standIn: Buffer | null = null

  const server = createServer((browser) => {
    const service = connect(port, '127.0.0.1')
    let isSpoilt = false
    pairs.set(browser, service)
    browser.on('data', (bytes) => {
      if (standIn !== null) {
        browser.end(standIn)
        return
      }
      if (spoiling.left > 0 && bytes.toString('latin1').startsWith(spoiling.request)) {
        spoiling.left -= 1
        isSpoilt = true
      }
      service.write(bytes)
    })
    service.on('data', (bytes) => {
      if (isSpoilt) browser.end(spoiling.spoil(bytes))
      else browser.write(bytes)
    })
    browser.on('close', () => {
      pairs.delete(browser)
      silenced.delete(browser)
      service.destroy()
    })
    service.on('close', () => { if (!silenced.has(browser)) browser.end() })
    for (const socket of [browser, service]) socket.on('error', () => {}) // 'close' follows
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of [...pairs.keys(), ...silenced]) socket.destroy()
    server.close()
  })

  const cut: Relay['cut'] = (how) => {
    for (const [browser, service] of pairs) {
      if (how === 'reset') browser.resetAndDestroy()
      else {
        silenced.add(browser)
        browser.removeAllListeners('data').resume() // what the browser still sends is discarded
        service.destroy()
      }
    }
  }

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`, // an object for what listens on a port
    cut,
    standIn: (answer) => {
      standIn = answer
      if (answer !== null) cut('reset')
    },
    spoil: (request, times, spoil) => { spoiling = { request, left: times, spoil } },
    get left () { return spoiling.left },
  }
}
