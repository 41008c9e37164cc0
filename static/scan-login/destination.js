/** Part of the signed-in page's address, which then says that the visitor can't be sent back to where they came from. */
export const returnRefused = '#return-refused'

/**
 * Returns the address to go to after a login: what the server returned, as it alone knows which origins are allowed, else the signed-in page. Schemes that
 * a browser would run (`javascript:`, `data:`) are refused here as well.
 * @param {string | null} returnTo @param {string} page the address of this page
 */
export const destination = (returnTo, page) => {
  if (returnTo === null) return new URL('me', page).href
  try {
    const { protocol, href } = new URL(returnTo, page)
    return protocol === 'https:' || protocol === 'http:' ? href : refusedDestination(page)
  } catch {
    return refusedDestination(page)
  }
}

/** With these the service refuses an address to return to: it is nowhere to go, or too long. */
export const returnRefusals = ['return-to-not-allowed', 'bad-request', 'payload-too-large']

/** The same address without what follows `#`, which no server sees: what the service refuses may be that alone. Null if there is no `#`. @param {string} returnTo */
export const cutFragment = (returnTo) => returnTo.includes('#') ? returnTo.replace(/#.*/s, '') : null

/**
 * Encodes an address for a query. Leaves what means nothing there, such as `/`: an address of 8 KiB has to pass proxies that take little more.
 * @param {string} address
 */
export const encodeReturn = (address) => address.replace(/[^\w\-.~!*(),;:@/?=$]/gu, encodeURIComponent)

/** The signed-in page, for a visitor who wanted to go where nobody is sent. @param {string} page the address of this page */
export const refusedDestination = (page) => new URL(`me${returnRefused}`, page).href
