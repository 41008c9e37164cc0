/**
 * Connections to a host with several addresses: the next one is tried while the earlier may still answer (Happy Eyeballs, RFC 8305). Node's own version, which
 * `net.connect` and undici have, gives up on each address after 250 ms: a slow link never connects then where another address comes after it.
 */
import { lookup as lookUp } from 'node:dns/promises'
import { connect, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'

/** Returns the addresses of a host, the preferred one first. */
export type Lookup = (hostname: string) => Promise<ReadonlyArray<{ readonly address: string, readonly family: number }>>

/** RFC 8305 §8 recommends it: long enough for most handshakes. */
const nextAddressAfterMs = 250
/** As undici sets it. */
const keepAliveMs = 60_000

const systemLookup: Lookup = (hostname) => lookUp(hostname, { all: true, order: 'verbatim' })

/** Creates a connector for undici's dispatchers, for HTTP/1.1. `timeoutMs` is for TCP, and as much for TLS. */
export const createConnector = (timeoutMs: number, lookup: Lookup = systemLookup): buildConnector.connector => {
  const startTls = buildConnector({ timeout: timeoutMs, allowH2: false })
  return (options, callback) => {
    const { protocol, hostname, port } = options
    openSocket(() => lookup(hostname), Number(port || (protocol === 'https:' ? 443 : 80)), timeoutMs).then(
      (socket) => {
        if (protocol === 'https:') startTls({ ...options, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: unknown) => { callback(error as Error, null) }, // sockets and lookups fail with Errors only
    )
  }
}

/** Resolves with a socket to the first address that answers. */
const openSocket = (addressesOf: () => ReturnType<Lookup>, port: number, timeoutMs: number): Promise<Socket> => new Promise((resolve, reject) => {
  let untried: string[] = []
  const trying = new Set<Socket>()
  let nextTimer: NodeJS.Timeout | undefined
  let isOver = false

  const end = (settle: () => void): void => {
    isOver = true
    clearTimeout(timeout)
    clearTimeout(nextTimer)
    for (const socket of trying) socket.destroy()
    settle()
  }
  const timeout = setTimeout(() => { end(() => { reject(new errors.ConnectTimeoutError()) }) }, timeoutMs)

  const tryNext = (): void => {
    clearTimeout(nextTimer)
    const host = untried.shift()
    if (host === undefined) return
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs })
    trying.add(socket)
    const onError = (error: Error): void => {
      trying.delete(socket)
      if (trying.size === 0 && untried.length === 0) end(() => { reject(error) })
      else tryNext()
    }
    socket.once('error', onError)
    socket.once('connect', () => {
      trying.delete(socket)
      socket.off('error', onError)
      end(() => { resolve(socket) })
    })
    nextTimer = setTimeout(tryNext, nextAddressAfterMs)
  }

  addressesOf().then((addresses) => {
    untried = alternate(addresses)
    if (!isOver) tryNext()
  }).catch((error: Error) => { end(() => { reject(error) }) }) // lookups and sockets fail with Errors only
})

/** Orders addresses so that the families take turns: a family that leads nowhere costs a single wait. */
const alternate = (addresses: Awaited<ReturnType<Lookup>>): string[] => {
  const preferred = addresses.filter(({ family }) => family === addresses[0]?.family)
  const others = addresses.filter(({ family }) => family !== addresses[0]?.family)
  return Array.from({ length: Math.max(preferred.length, others.length) }, (_, i) => [preferred[i], others[i]])
    .flat().flatMap((entry) => entry === undefined ? [] : [entry.address])
}
