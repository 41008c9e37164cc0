/** Owns the way between a browser and a service as a plain TCP relay whose connections a test cuts, silences, or spoils answer by answer. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Relay {
  /** Where the service is found by way of it. */
  readonly url: string
  /** Ends every connection that is open now: `reset` as a router does that forgot them, `silent` without a word to the browser. New ones work. */
  cut (how: 'reset' | 'silent'): void
  /** Sends on what `spoil` makes of the answers to the next requests that begin so, `times` of them, and closes; the service has done its part. */
  spoil (request: string, times: number, spoil: (answer: Buffer) => Buffer): void
  /** How many answers are still to be spoilt. */
  readonly left: number
}

/** Opens a relay to a demo, which is found under the relay's name from then on. */
export const openRelayTo = async (t: Test, { url, hosts }: { readonly url: string, readonly hosts: Set<string> }): Promise<Relay> => {
  const relay = await openRelay(t, Number(new URL(url).port))
  hosts.add(new URL(relay.url).host)
  return relay
}

/** Opens a relay to a service on this machine. */
const openRelay = async (t: Test, port: number): Promise<Relay> => {
  const pairs = new Map<Socket, Socket>()
  const silenced = new Set<Socket>()
  let spoiling = { request: '', left: 0, spoil: (answer: Buffer): Buffer => answer }

  const server = createServer((browser) => {
    const service = connect(port, '127.0.0.1')
    let isSpoilt = false
    pairs.set(browser, service)
    browser.on('data', (bytes) => {
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

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`, // an object for what listens on a port
    cut: (how) => {
      for (const [browser, service] of pairs) {
        if (how === 'reset') browser.resetAndDestroy()
        else {
          silenced.add(browser)
          browser.removeAllListeners('data').resume() // it says on what nobody hears
          service.destroy()
        }
      }
    },
    spoil: (request, times, spoil) => { spoiling = { request, left: times, spoil } },
    get left () { return spoiling.left },
  }
}
