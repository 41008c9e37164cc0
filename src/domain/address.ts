/** IP addresses: one text for each, and the networks around it. */
import { BlockList, isIP, SocketAddress } from 'node:net'

type Family = 'ipv4' | 'ipv6'

/** Addresses that identify nobody on the internet: private, of one machine, shared by a provider's customers, or reserved (RFC 6890, RFC 6598, RFC 4291). */
const privateRanges: Readonly<Record<Family, ReadonlyArray<readonly [net: string, bits: number]>>> = {
  ipv4: [['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.168.0.0', 16]],
  ipv6: [['::', 16], ['fc00::', 7], ['fe80::', 10]],
}

/** A list for each family: in a common one, IPv4 counts as ::ffff:0:0/96. */
const blockList = (family: Family, ranges: ReadonlyArray<readonly [net: string, bits: number]>): BlockList => {
  const list = new BlockList()
  for (const [net, bits] of ranges) list.addSubnet(net, bits, family)
  return list
}

const privateLists: Readonly<Record<Family, BlockList>> = { ipv4: blockList('ipv4', privateRanges.ipv4), ipv6: blockList('ipv6', privateRanges.ipv6) }

const familyOf = (text: string): Family | null => ({ 4: 'ipv4', 6: 'ipv6' } as const)[isIP(text)] ?? null

/**
 * Returns the canonical text of an address (RFC 5952; IPv4-mapped IPv6 as IPv4, no zone), or '' where the text is no address: otherwise a proxy that
 * forwards a client's header unchecked would let the client put any text on the phone's screen.
 */
export const plainAddress = (text: string): string => {
  const family = familyOf(text)
  if (family === null) return ''
  if (family === 'ipv4') return text // has one spelling only
  const { address } = new SocketAddress({ address: text, family })
  return address.replace(/^::ffff:(?=[\d.]+$)/, '')
}

/** A network of the configuration: an address (all of its bits), or a CIDR. */
export interface Network { readonly family: Family, readonly address: string, readonly bits: number }

/**
 * Parses an address or a CIDR; null where the text is neither. IPv4-mapped IPv6 becomes IPv4, as peers are compared by their plain addresses; null also
 * for a mapped prefix that ends before the IPv4 part, as no peer is in such a network.
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

/** Creates a predicate that tells whether a plain address is in one of these networks: addresses or CIDRs, which the configuration has validated. A text that is no address is in none. */
export const networkMatcher = (networks: readonly string[]): (address: string) => boolean => {
  const parsed = networks.map(readNetwork).filter((network) => network !== null)
  const listOf = (family: Family): BlockList => blockList(family, parsed.filter((network) => network.family === family).map(({ address, bits }) => [address, bits]))
  const lists = { ipv4: listOf('ipv4'), ipv6: listOf('ipv6') }
  return (address) => {
    const family = familyOf(address)
    return family !== null && lists[family].check(address, family)
  }
}

/** Tells whether an address, or with `bits` the whole range around it, is private or otherwise identifies nobody on the internet. False for a text that is no address. */
export const isPrivateAddress = (address: string, bits = 128): boolean => {
  const family = familyOf(address)
  return family !== null && blockList(family, privateRanges[family].filter(([, least]) => least <= bits)).check(address, family)
}

/**
 * Names the network of a plain address, as wide as the addresses that one connection commonly gets: /24, or /48. Null where there is no address, and for a
 * private one: the phone can't know in which network that is.
 */
export const networkOf = (address: string): string | null => {
  const family = familyOf(address)
  if (family === null || privateLists[family].check(address, family)) return null
  return family === 'ipv4' ? address.replace(/\d+$/, '0/24') : `${plainAddress(`${groupsOf(address).slice(0, 3).join(':')}::`)}/48`
}

/**
 * The prefixes under which a visitor at a plain address is counted, the widest first. IPv4: the /24 of an office or a carrier's gateway, and the address
 * itself. IPv6: the /48 of a site, the /56 of a home's connection, and the /64 of one network. A single '' where there is no address.
 */
export const prefixesOf = (address: string): readonly [string, ...string[]] => {
  if (familyOf(address) !== 'ipv6') return address === '' ? [''] : [address.replace(/\d+$/, '0/24'), address]
  const [first, second, third, fourth] = groupsOf(address)
  const site = `${first}:${second}:${third}`
  const home = (parseInt(fourth ?? '0', 16) & 0xff00).toString(16)
  return [`${site}::/48`, `${site}:${home}::/56`, `${site}:${fourth}::/64`]
}

/**
 * Tells whether two plain addresses belong to one connection to the internet: one IPv4 address, or one IPv6 /64. No wider: a /24 is many homes or a carrier's
 * gateways, and a carrier gives each phone a /64 of its own. False where either is unknown or private: behind a proxy that is missing in TRUST_PROXY,
 * everybody has the proxy's address.
 */
export const areOneConnection = (one: string, other: string): boolean =>
  networkOf(one) !== null && prefixesOf(one).at(-1) === prefixesOf(other).at(-1)

/** The groups of an IPv6 address, with zeros in place of `::`. */
const groupsOf = (address: string): readonly string[] => {
  const [front = '', back] = address.split('::')
  const [before, after] = [front, back ?? ''].map((part) => part === '' ? [] : part.split(':')) as [string[], string[]] // `map` keeps their number
  return [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
}
