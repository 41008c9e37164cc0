/** Which calls to other servers go through an HTTP proxy: the customary HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
import { isIP } from 'node:net'
import { networkMatcher } from './address.ts'

interface ProxySettings {
  readonly HTTPS_PROXY: string | null
  readonly HTTP_PROXY: string | null
  /** Names, addresses and networks, each perhaps with a port. */
  readonly NO_PROXY: readonly string[]
}

/** Returns the URL of the proxy for calls to `url`; null for none. Nothing goes through a proxy to this machine itself: the proxy's loopback is another one. */
export const proxyFor = (url: string, { HTTPS_PROXY, HTTP_PROXY, NO_PROXY }: ProxySettings): string | null => {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const portNumber = port === '' ? { 'https:': '443', 'http:': '80' }[protocol] : port
  if (isLoopback(host) || NO_PROXY.some((entry) => covers(entry, host, portNumber))) return null
  return protocol === 'https:' ? HTTPS_PROXY : HTTP_PROXY
}

const isThisMachine = networkMatcher(['127.0.0.0/8', '::1'])

const isLoopback = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost') || isThisMachine(host)

/** A name covers the names below it, as in curl and Go, with or without a dot or `*.` in front. */
const covers = (entry: string, host: string, port: string | undefined): boolean => {
  if (entry === '*') return true
  const [, bracketed, plain = entry, entryPort] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [] // an address like ::1 has no port
  if (entryPort !== undefined && entryPort !== port) return false
  const name = bracketed ?? plain
  if (isIP(host) !== 0) return networkMatcher([name])(host)
  const domain = name.toLowerCase().replace(/^\*?\./, '').replace(/\.$/, '')
  return host === domain || host.endsWith(`.${domain}`)
}
