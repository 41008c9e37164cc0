// Owns what a service's address must look like: WeChat compares it, letter by letter, with the domains that the operator has registered.

/** Gives the first thing that is wrong with it, to be read after the address itself; undefined where all is well. */
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
  // A port that https has anyway, capitals, letters that a domain has in punycode only.
  const written = pathname === '/' ? origin : origin + pathname
  return address === written ? undefined : `must be written "${written}"`
}
