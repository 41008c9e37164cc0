/** Owns how an address is read: one text for each, and the network around it. Where that is, is not known here. */
import { BlockList, isIP, SocketAddress } from 'node:net'

type Family = 'ipv4' | 'ipv6'

/** Addresses that mean something inside one house or machine only, stand for many at one provider, or belong to nobody (RFC 6890, RFC 6598, RFC 4291). */
const insideRanges: Readonly<Record<Family, ReadonlyArray<readonly [net: string, bits: number]>>> = {
  ipv4: [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.168.0.0', 16]],
  ipv6: [['::', 16], ['fc00::', 7], ['fe80::', 10]],
}

/** One list a family: in a common one, IPv4 would count as ::ffff:0:0/96. */
const blockList = (family: Family, ranges: ReadonlyArray<readonly [net: string, bits: number]>): BlockList => {
  const list = new BlockList()
  for (const [net, bits] of ranges) list.addSubnet(net, bits, family)
  return list
}

const inside: Readonly<Record<Family, BlockList>> = { ipv4: blockList('ipv4', insideRanges.ipv4), ipv6: blockList('ipv6', insideRanges.ipv6) }

const familyOf = (text: string): Family | null => ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(text)] ?? null

/**
 * Gives the one text of an address (RFC 5952; IPv4 inside IPv6 as IPv4, no zone), or '' where the text is no address: a proxy that
 * hands on what a client says would otherwise let it write on the phone.
 */
export const plainAddress = (text: string): string => {
  const family = familyOf(text)
  if (family === null) return ''
  const { address } = new SocketAddress({ address: text, family })
  return address.replace(/^::ffff:(?=[\d.]+$)/, '')
}

/** Networks as the configuration has them: an address, or one with the bits of its prefix. */
export interface Network { readonly family: Family, readonly address: string, readonly bits: number }

/**
 * Reads an address or a CIDR, or gives null where the text is none. IPv4 written inside IPv6 is IPv4 here, as peers come by plain addresses; a prefix that ends
 * before the IPv4 part is null, as no peer is in such a network.
 */
export const readNetwork = (text: string): Network | null => {
  const [written = '', length, ...rest] = text.split('/')
  const address = plainAddress(written)
  const family = familyOf(address)
  const most = familyOf(written) === 'ipv6' ? 128 : 32
  if (family === null || rest.length > 0 || !/^\d{1,3}$/.test(length ?? '0') || Number(length ?? 0) > most) return null
  const bits = Number(length ?? most) - (family === 'ipv4' ? most - 32 : 0)
  return bits < 0 ? null : { family, address, bits }
}

/** Makes the question whether a plain address is in one of these networks: addresses or CIDRs, as the configuration has checked them. What is no address is in none. */
export const networkMatcher = (networks: readonly string[]): (address: string) => boolean => {
  const read = networks.map(readNetwork).filter((network) => network !== null)
  const listOf = (family: Family): BlockList => blockList(family, read.filter((one) => one.family === family).map(({ address, bits }) => [address, bits]))
  const lists = { ipv4: listOf('ipv4'), ipv6: listOf('ipv6') }
  return (address) => {
    const family = familyOf(address)
    return family !== null && lists[family].check(address, family)
  }
}

/** Tells whether an address, with `bits` the whole range around it, means something inside one machine or network only. What is no address does not. */
export const isInside = (address: string, bits = 128): boolean => {
  const family = familyOf(address)
  return family !== null && blockList(family, insideRanges[family].filter(([, least]) => least <= bits)).check(address, family)
}

/**
 * Names the network of a plain address, as wide as one connection's address commonly wanders: /24, or /48. Null where there is no address, and for one
 * that only means something inside: the phone can't know inside what.
 */
export const networkOf = (address: string): string | null => {
  const family = familyOf(address)
  if (family === null || inside[family].check(address, family)) return null
  return family === 'ipv4' ? address.replace(/\d+$/, '0/24') : `${plainAddress(`${groupsOf(address).slice(0, 3).join(':')}::`)}/48`
}

/**
 * The prefixes that a visitor at a plain address is counted with, the widest first. IPv4: the /24 of an office or a gateway of a carrier, and the address
 * itself. IPv6: the /48 of a site, the /56 of a home's line, and the /64 of one network. One '' where there is no address.
 */
export const prefixesOf = (address: string): readonly [string, ...string[]] => {
  if (familyOf(address) !== 'ipv6') return address === '' ? [''] : [address.replace(/\d+$/, '0/24'), address]
  const [first, second, third, fourth] = groupsOf(address)
  const site = `${first}:${second}:${third}`
  const line = (parseInt(fourth ?? '0', 16) & 0xff00).toString(16)
  return [`${site}::/48`, `${site}:${line}::/56`, `${site}:${fourth}::/64`]
}

/**
 * Tells whether two plain addresses are of one connection to the internet: one IPv4 address, or one IPv6 /64. No wider: a /24 is many homes or a carrier's
 * gateways, and a carrier gives each phone a /64 of its own. Never true where either is not known or means something inside only: behind a proxy that
 * TRUST_PROXY leaves out, everybody has the proxy's.
 */
export const areOneConnection = (one: string, other: string): boolean =>
  networkOf(one) !== null && prefixesOf(one).at(-1) === prefixesOf(other).at(-1)

/** The written groups of an IPv6 address, with zeros for those left out; enough of them for its front. */
const groupsOf = (address: string): readonly string[] => {
  const [front = '', back] = address.split('::')
  const [before, after] = [front, back ?? ''].map((part) => part === '' ? [] : part.split(':')) as [string[], string[]] // two in, two out
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}
