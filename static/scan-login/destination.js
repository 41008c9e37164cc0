/**
 * Returns the address to go to after a login: what the server returned, as it alone knows which origins are allowed, else the signed-in page. Schemes that
 * a browser would run (`javascript:`, `data:`) are refused here as well.
 * @param {string | null} returnTo @param {string} page the address of this page
 */
export const destination = (returnTo, page) => {
  const fallback = new URL('me', page).href
  try {
    const { protocol, href } = new URL(returnTo ?? fallback, page)
    return protocol === 'https:' || protocol === 'http:' ? href : fallback
  } catch {
    return fallback
  }
}
