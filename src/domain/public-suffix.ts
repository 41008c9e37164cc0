/** What the public suffix list says of host names. The list is data of a package, as old as the package's version. */
import { parse } from 'tldts'

/** The private part counts: the tenants of github.io are strangers to each other, as those of co.uk are. */
const options = { allowPrivateDomains: true }

/** Tells whether anybody can register names below this one: browsers set no cookie for all of them (RFC 6265 §5.3, step 5). A name without a dot counts. */
export const isPublicSuffix = (host: string): boolean => {
  const { hostname, publicSuffix, isIp } = parse(host, options)
  return isIp === false && hostname !== null && hostname === publicSuffix
}

/** Tells whether a host name is one of the public internet's: it ends in a suffix of the list, and not in one that a network made up for itself. */
export const hasListedSuffix = (host: string): boolean => {
  const { isIcann, isPrivate } = parse(host, options)
  return isIcann === true || isPrivate === true
}
