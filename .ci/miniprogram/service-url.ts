// The form of a service's address: WeChat compares it literally with the domains that the operator has registered.

/** Returns the first problem of an address, as a phrase that follows the address itself; undefined where it is right. */
export const serviceUrlProblem = (address: string): string | undefined => {
  if (/\s/.test(address)) return 'must have no spaces'
  if (!URL.canParse(address)) return 'is no address'
  const { protocol, username, password, hostname, pathname, search, hash, origin } = new URL(address)
  if (protocol !== 'https:') return 'must begin with https://'
  if (username !== '' || password !== '') return 'must hold no name or password: everybody could read it'
  if (/^\[|^[\d.]+$/.test(hostname)) return 'must name a domain: WeChat takes no IP address'
  if (search !== '' || address.includes('?')) return 'must have no query'
  if (hash !== '' || address.includes('#')) return 'must have no fragment'
  if (address.endsWith('/')) return 'must have no slash at the end'
  // The default port, capitals, and letters that a domain has in punycode only are normalised in `written`.
  const written = pathname === '/' ? origin : origin + pathname
  return address === written ? undefined : `must be written "${written}"`
}
