/** Owns where a logged-in visitor is taken. */

/**
 * Names the address to go to: what the server returned, for it alone knows which origins are allowed, else the signed-in page. What a browser
 * would run instead of visit (`javascript:`, `data:`) is refused here as well.
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
