/** Host names by the public suffix list. The list comes with the package `tldts`, and is as old as its version. */
import { parse } from 'tldts'

/** With the list's private part: the owners of names under github.io are strangers to each other, like those under co.uk. */
const options = { allowPrivateDomains: true }

/** Tells whether anybody can register names under this one, so that browsers refuse a cookie for it (RFC 6265 §5.3, step 5). True for a name without a dot. */
export const isPublicSuffix = (host: string): boolean => {
  const { hostname, publicSuffix, isIp } = parse(host, options)
  return isIp === false && hostname !== null && hostname === publicSuffix
}

/** Tells whether a host name ends in a suffix of the list, and so is one of the public internet and not of a private network. */
export const hasListedSuffix = (host: string): boolean => {
  const { isIcann, isPrivate } = parse(host, options)
  return isIcann === true || isPrivate === true
}
