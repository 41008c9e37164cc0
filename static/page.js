/** Owns what our pages share: finding their elements, and the name of the site. */

/** Finds the element that the page's HTML has. @template {Element} T @param {string} selector @param {new () => T} type @returns {T} */
export const elementOf = (selector, type) => {
  const found = document.querySelector(selector)
  if (!(found instanceof type)) throw new TypeError(`The page has no ${selector}`)
  return found
}

/** The name of the site, which the service wrote into the page. */
export const siteName = document.querySelector('meta[name="application-name"]')?.getAttribute('content') ?? location.host
