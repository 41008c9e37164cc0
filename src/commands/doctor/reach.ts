/** The addresses of a name, and which of them take a connection. */
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import { reasonOf } from './call.ts'

const resolveWithinMs = 5000
const connectWithinMs = 5000
/** More tell nothing new. */
const maxAddresses = 6

export interface Target {
  readonly host: string
  readonly port: number
}

/** Host and port of a URL, the host as sockets take it. */
export const targetOf = (url: string): Target => {
  const { protocol, hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port === '' ? { 'http:': 80, 'https:': 443 }[protocol] : port) }
}

export interface TriedAddress {
  readonly address: string
  readonly family: 4 | 6
  /** What came of a connection; null where it was taken. */
  readonly error: string | null
}

/** Finds the addresses of a name as this machine does, its /etc/hosts included. Rejects with what went wrong. */
export const resolveName = async (host: string): Promise<ReadonlyArray<{ readonly address: string, readonly family: 4 | 6 }>> => {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family: family as 4 | 6 }] // isIP knows these
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => { reject(new Error(`no answer within ${resolveWithinMs / 1000} s`)) }, resolveWithinMs)
  try {
    const found = await Promise.race([lookup(host, { all: true }), late])
    const addresses = new Map(found.map(({ address, family }) => [address, { address, family: family as 4 | 6 }])) // as documented
    return [...addresses.values()].slice(0, maxAddresses)
  } finally {
    clearTimeout(timer)
  }
}

/** Connects to an address, and closes the connection. */
export const tryAddress = (address: string, family: 4 | 6, port: number): Promise<TriedAddress> => new Promise((resolve) => {
  const end = (error: string | null): void => {
    socket.destroy()
    resolve({ address, family, error })
  }
  const socket = connect({ host: address, port, timeout: connectWithinMs }, () => { end(null) })
  socket.on('timeout', () => { end(`no answer within ${connectWithinMs / 1000} s`) })
  socket.on('error', (error) => { end(reasonOf(error)) })
})

/** Whether a connection failed because this machine has no route of that family. */
export const isWithoutRoute = (error: string): boolean => /ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT/.test(error)
